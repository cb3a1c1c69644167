import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { errorPages } from '../../executor/proxy/error-pages.ts';
import { isRouting } from './routing.ts';

async function answering(listener: RequestListener): Promise<boolean> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  // `address()` of a server that listens on TCP is an object.
  const isOurs = await isRouting((server.address() as AddressInfo).port);
  await new Promise((resolve) => server.close(resolve));
  return isOurs;
}

test('the page for an unknown host tells that the proxy is ours', async () => {
  const page = errorPages.get(404)?.message.split('\r\n\r\n')[1];
  expect(await answering((_request, response) => response.writeHead(404).end(page))).toBe(true);
});

test.each([200, 404, 500])('another program that answers %d on the port is not taken for it', async (status) => {
  expect(await answering((_request, response) => response.writeHead(status).end('something else'))).toBe(false);
});

test('a port where nobody listens is not routing', async () => {
  expect(await isRouting(1)).toBe(false);
});
