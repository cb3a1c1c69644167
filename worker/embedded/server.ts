/** Node's HTTP server in front of the application, upgrades included. */
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { keepExchange } from './bodies.ts';
import { readAway } from './read-away.ts';
import type { Upgrade } from './upgrades.ts';

interface Options {
  fetch(request: Request): Response | Promise<Response>;
  offerUpgrade(request: Request, upgrade: Upgrade): void;
  bind: string;
  port: number;
}

export async function listen({ fetch, offerUpgrade, bind, port }: Options): Promise<Server> {
  const serve = getRequestListener((request, exchange) => {
    keepExchange(request, exchange);
    const response = fetch(request);
    return response instanceof Promise ? response.then((settled) => afterRest(settled, exchange.incoming as IncomingMessage)) : response;
  });
  // A large upload lasts as long as its sender's line needs; the time for its headers stays limited.
  const server = createServer({ requestTimeout: 0, headersTimeout: 60_000 }, serve);
  server.on('upgrade', (request, socket, head) => {
    // A request that is none (a malformed Host, credentials in the target) ends its own connection and nothing else.
    answerUpgrade(request, socket, head).catch(() => socket.destroy());
  });

  async function answerUpgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const upgrade: Upgrade = { request: incoming, socket, head, isTaken: false };
    const request = toRequest(incoming);
    offerUpgrade(request, upgrade);
    const response = await fetch(request);
    if (!upgrade.isTaken) await refuse(socket, response);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, bind, resolve);
  });
  return server;
}

/** A refusal waits until its reader listens. HTTP/1 alone is served, so the incoming message is Node's. */
async function afterRest(response: Response, incoming: IncomingMessage): Promise<Response> {
  if (response.status >= 400) await readAway(incoming);
  return response;
}

function toRequest(incoming: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return new Request(new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? 'localhost'}`), { headers });
}

/** An upgrade that is not taken gets the application's answer as plain HTTP. */
async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}\r\n${headers}connection: close\r\ncontent-length: ${body.length}\r\n\r\n`);
  socket.end(body);
}
