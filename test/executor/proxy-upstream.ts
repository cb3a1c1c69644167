/** An app as the proxy sees it: an HTTP server on a port of its own. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

export interface Upstream {
  name: string;
  port: number;
  /** Requests that have arrived, by path. */
  seen: string[];
  /** End every answer that `/slow` holds back. */
  release(): void;
  /** Send the next part of the answer to `/stream`. */
  push(part: string): void;
  close(): Promise<void>;
}

/** `/` says the name, `/headers` repeats the request's, `/slow` and `/stream` answer when told to, a WebSocket echoes. */
export async function startUpstream(name: string): Promise<Upstream> {
  const seen: string[] = [];
  const held: ServerResponse[] = [];
  const streams: ServerResponse[] = [];

  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    if (request.url === '/slow') held.push(response);
    else if (request.url === '/stream') streams.push(startStream(response));
    else if (request.url === '/headers') response.end(JSON.stringify(request.headers));
    else void answerWithBody(name, request, response);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${name}: ${data.toString()}`)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    name,
    // A server that listens on TCP has an address with a port.
    port: (server.address() as AddressInfo).port,
    seen,
    release: () => held.splice(0).forEach((response) => response.end(`${name} at last`)),
    push: (part) => streams.forEach((response) => response.write(part)),
    async close() {
      sockets.clients.forEach((socket) => socket.terminate());
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function startStream(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  return response;
}

async function answerWithBody(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let size = 0;
  for await (const part of request) size += (part as Buffer).length; // a request without an encoding gives buffers
  response.end(size > 0 ? `${name} ${size}` : name);
}
