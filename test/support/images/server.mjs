/**
 * The web server of the `dockup-test/node` image, for what busybox cannot do: keep-alive, slow and streamed answers, WebSockets, a
 * graceful end. Takes the same environment variables as busybox.sh (`HEALTH=fail` answers 500 at /healthz).
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const { VERSION = '1', PORT = '80', START_DELAY, NEVER_LISTEN, EXIT_CODE, HEALTH } = process.env;

const seconds = (url) => Number(url.searchParams.get('seconds') ?? 1);
const hoard = [];

const pages = {
  '/': (_request, response) => response.end(`${VERSION}\n`),
  '/healthz': (_request, response) => response.writeHead(HEALTH === 'fail' ? 500 : 200).end(HEALTH === 'fail' ? 'the database is away' : 'ok'),
  '/headers': (request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(request.headers)),
  '/slow': (_request, response, url) => setTimeout(() => response.end(`${VERSION}\n`), seconds(url) * 1000),
  '/stream': (_request, response, url) => streamTicks(response, seconds(url)),
  '/exit': (_request, response, url) => response.end('leaving\n', () => process.exit(Number(url.searchParams.get('code') ?? 1))),
  '/hoard': (_request, response, url) => response.end(`${hoard.push(Buffer.alloc(Number(url.searchParams.get('mb') ?? 64) << 20, 1))}\n`),
};

function streamTicks(response, count) {
  let tick = 0;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const timer = setInterval(() => {
    response.write(`data: ${++tick}\n\n`);
    if (tick >= count) {
      clearInterval(timer);
      response.end();
    }
  }, 200);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const page = pages[url.pathname];
  if (page) page(request, response, url);
  else response.writeHead(404).end('no such page\n');
});

/** A WebSocket that sends back what it gets (RFC 6455), for messages up to 125 bytes. */
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let length = (pending[1] ?? 0) & 127; pending.length >= 6 + length && pending.length > 0; length = (pending[1] ?? 0) & 127) {
      const mask = pending.subarray(2, 6);
      const payload = pending.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]);
      socket.write(Buffer.concat([Buffer.from([pending[0], length]), payload]));
      if ((pending[0] & 15) === 8) socket.end();
      pending = pending.subarray(6 + length);
    }
  });
  socket.on('error', () => socket.destroy());
});

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

console.log(`version ${VERSION} starts`);
if (EXIT_CODE) {
  console.error(`cannot go on, leaving with ${EXIT_CODE}`);
  process.exit(Number(EXIT_CODE));
}
if (NEVER_LISTEN) setInterval(() => {}, 60_000);
else setTimeout(() => server.listen(Number(PORT), () => console.log(`listening on :${PORT}`)), Number(START_DELAY ?? 0) * 1000);
