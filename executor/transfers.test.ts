import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { createTransfers, type Transfers } from './transfers.ts';

const server = createServer();
afterEach(() => new Promise((resolve) => server.removeAllListeners('request').close(resolve)));

async function dialling(answer: RequestListener): Promise<Transfers> {
  server.on('request', answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return createTransfers({ apiUrl: `http://127.0.0.1:${port}`, connectToken: () => Promise.resolve('token') });
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024);
}

test('a refusal whose body comes after its head is read before the sending is broken off', async () => {
  const transfers = await dialling((_request, reply) => {
    reply.writeHead(404, { 'content-type': 'application/problem+json' });
    reply.flushHeaders();
    setTimeout(() => reply.end('{"code":"volume_not_found"}'), 50);
  });
  const body = Readable.from(endless(), { objectMode: false });
  await expect(transfers.send('x', body, new AbortController().signal)).rejects.toMatchObject({ code: 'volume_not_found' });
  expect(body.destroyed).toBe(true);
});

test('a refusal that breaks off is a broken connection', async () => {
  const transfers = await dialling((_request, reply) => {
    reply.writeHead(404, { 'content-length': '1000' });
    reply.write('{"code":', () => reply.destroy());
  });
  await expect(transfers.send('x', Readable.from(endless(), { objectMode: false }), new AbortController().signal)).rejects.toMatchObject({ code: 'upload_interrupted' });
});

test.each([
  ['of a known length', true],
  ['in chunks', false],
])('a body %s is whole, though the memory it came in is given back at once', async (_name, hasLength) => {
  const sent = randomBytes(20_000_000);
  const transfers = await dialling((_request, reply) => {
    if (hasLength) reply.setHeader('content-length', sent.length);
    reply.end(sent);
  });
  const { body } = await transfers.fetch('x', new AbortController().signal);
  expect((await buffer(body)).equals(sent)).toBe(true);
});

test('what is left of a body that is not wanted is read away, so that its sender gets to the reply', async () => {
  const isSent = Promise.withResolvers<void>();
  const transfers = await dialling((_request, reply) => void reply.end(randomBytes(20_000_000), isSent.resolve));
  const { body, over } = await transfers.fetch('x', new AbortController().signal);
  body.once('data', () => body.destroy());
  await over;
  await isSent.promise;
  expect(body.destroyed).toBe(true);
});

test('a body that breaks off is told to its taker', async () => {
  const transfers = await dialling((_request, reply) => {
    reply.writeHead(200, { 'content-length': '1000000' });
    reply.write('the beginning', () => reply.destroy());
  });
  const { body, over } = await transfers.fetch('x', new AbortController().signal);
  await expect(buffer(body)).rejects.toMatchObject({ code: 'upload_interrupted' });
  await over;
});
