import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createTransfers } from './transfers.ts';

test.each([
  ['of a known length', true],
  ['in chunks', false],
])('a body %s is whole, though the memory it came in is given back at once', async (_name, hasLength) => {
  const body = randomBytes(20_000_000);
  const server = createServer((_request, response) => {
    if (hasLength) response.setHeader('content-length', body.length);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const transfers = createTransfers({ apiUrl: `http://127.0.0.1:${port}`, connectToken: async () => 'token' });
  const incoming = await transfers.fetch('transfer', AbortSignal.timeout(10_000));
  expect((await buffer(incoming.body)).equals(body)).toBe(true);
  server.close();
});
