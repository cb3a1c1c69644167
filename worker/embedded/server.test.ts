import { connect } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { remoteAddressOf } from './bodies.ts';
import { listen } from './server.ts';
import { createUpgrades } from './upgrades.ts';

test.each([
  ['a Host that is none', 'GET / HTTP/1.1\r\nHost: [\r\n'],
  ['credentials in the target', 'GET http://user:secret@host/ HTTP/1.1\r\nHost: host\r\n'],
])('an upgrade with %s ends its own connection, and the server goes on', async (_name, head) => {
  const server = await listen({ fetch: () => new Response('here'), offerUpgrade: () => undefined, bind: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  await once(socket, 'close');

  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here');
  server.close();
});

test('an upload may last as long as it needs, the head of a request may not', async () => {
  const server = await listen({ fetch: () => new Response('here'), offerUpgrade: () => undefined, bind: '127.0.0.1', port: 0 });
  expect(server).toMatchObject({ requestTimeout: 0, headersTimeout: 60_000 });
  server.close();
});

test('a request and an upgrade know the address they come from', async () => {
  const upgrades = createUpgrades();
  const server = await listen({ fetch: (request) => new Response(`${remoteAddressOf(request)} ${upgrades.remoteAddressOf(request)}`), offerUpgrade: upgrades.offer, bind: '127.0.0.1', port: 0 });
  const askFrom = async (localAddress: string, headers: string) => {
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', localAddress });
    let reply = '';
    socket.setEncoding('utf8').on('data', (text: string) => (reply += text));
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n`);
    await once(socket, 'close');
    return reply.split('\r\n\r\n')[1];
  };
  expect(await askFrom('127.0.0.2', 'Connection: close')).toBe('127.0.0.2 undefined');
  expect(await askFrom('127.0.0.3', 'Connection: Upgrade\r\nUpgrade: websocket')).toBe('undefined 127.0.0.3');
  server.close();
});

test('a refusal reaches a client that is still sending, and closes when it is done', async () => {
  const server = await listen({ fetch: async () => new Response('no', { status: 403 }), offerUpgrade: () => undefined, bind: '127.0.0.1', port: 0 });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let reply = '';
  socket.setEncoding('utf8').on('data', (text: string) => (reply += text));
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4000000\r\n\r\n');
  for (let part = 0; part < 4; part++) await new Promise<void>((resolve, reject) => socket.write(Buffer.alloc(1_000_000), (error) => (error == null ? resolve() : reject(error))));
  await once(socket, 'close');
  expect(reply).toMatch(/^HTTP\/1\.1 403 [^]*\r\n\r\nno$/);
  server.close();
});
