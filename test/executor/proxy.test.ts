import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { visit } from './proxy-client.ts';
import { prepareProxy, type ProxyFixture, startProxy } from './proxy-fixture.ts';
import { startUpstream, type Upstream } from './proxy-upstream.ts';

describe('a visitor of the proxy', () => {
  let system: ProxyFixture;
  let shop: Upstream;
  let blog: Upstream;

  beforeAll(async () => {
    [system, shop, blog] = await Promise.all([startProxy(), startUpstream('shop'), startUpstream('blog')]);
    await system.route('shop', shop);
    await system.route('blog', blog);
  });
  afterAll(() => Promise.all([system?.close(), shop?.close(), blog?.close()]));

  test.each([
    ['shop.localhost', 'shop'],
    ['blog.localhost', 'blog'],
    ['shop.localhost:8080', 'shop'],
    ['SHOP.LocalHost', 'shop'],
    ['shop.localhost.', 'shop'],
  ])('reaches the app of the host %s', async (host, body) => {
    expect(await visit(system.httpPort, host)).toMatchObject({ status: 200, body });
  });

  test('reaches the app over IPv6 too, with the address of IPv6 passed on', async () => {
    const request = httpRequest({ host: '::1', port: system.httpPort, path: '/headers', agent: false, headers: { host: 'shop.localhost' } }).end();
    const [response] = await once(request, 'response');
    const [body] = await once(response, 'data');
    expect(JSON.parse(String(body))).toMatchObject({ 'x-forwarded-for': '::1' });
  });

  test.each(['nobody.localhost', 'localhost', '127.0.0.1', '', 'shop.localhost.evil.example'])('gets a clear 404 page without script for the unknown host "%s"', async (host) => {
    const { status, headers, body } = await visit(system.httpPort, host);
    expect(status).toBe(404);
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    expect(body).toContain('No app at this address');
    expect(body).not.toContain('<script');
  });

  test('gets no body for HEAD of an unknown host', async () => {
    expect(await visit(system.httpPort, 'nobody.localhost', { method: 'HEAD' })).toMatchObject({ status: 404, body: '' });
  });

  test('gets a clear 503 page at once for an app without a live target', async () => {
    await system.route('stopped');
    const started = performance.now();
    const { status, headers, body } = await visit(system.httpPort, 'stopped.localhost');
    expect(performance.now() - started).toBeLessThan(500);
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('5');
    expect(body).toContain('The app is not running');
  });

  test('gets a 404 again once the app is removed', async () => {
    await system.route('gone', shop);
    expect((await visit(system.httpPort, 'gone.localhost')).status).toBe(200);
    await system.proxy.remove('gone');
    expect((await visit(system.httpPort, 'gone.localhost')).status).toBe(404);
    await expect(system.proxy.remove('gone')).resolves.toBeUndefined();
  });

  test('cannot pretend another address, protocol or host: what the app sees is set by the proxy', async () => {
    const lies = {
      'x-forwarded-for': '10.9.8.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example', 'x-forwarded-port': '1', 'x-real-ip': '10.9.8.7',
      forwarded: 'for=10.9.8.7',
    };
    const { body } = await visit(system.httpPort, 'shop.localhost', { path: '/headers', headers: lies });
    const seen = JSON.parse(body);
    expect(seen).toMatchObject({
      host: 'shop.localhost', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'shop.localhost',
      'x-forwarded-port': String(system.httpPort), 'x-real-ip': '127.0.0.1',
    });
    expect(seen).not.toHaveProperty('forwarded');
  });

  test('talks to the app over a WebSocket', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${system.httpPort}/`, { headers: { host: 'shop.localhost' } });
    await once(socket, 'open');
    socket.send('hello');
    const [answer] = await once(socket, 'message');
    expect(String(answer)).toBe('shop: hello');
    socket.terminate();
  });

  test('gets each part of a streamed answer when the app sends it, not at the end', async () => {
    const request = httpRequest({ host: '127.0.0.1', port: system.httpPort, path: '/stream', agent: false, headers: { host: 'shop.localhost' } }).end();
    const [response] = await once(request, 'response');
    for (const part of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
      const arrival = once(response, 'data');
      shop.push(part);
      const [received] = await arrival;
      expect(String(received)).toBe(part);
    }
    request.destroy();
  });

  test('sends a request body of 20 MB through', async () => {
    const body = 'x'.repeat(20_000_000);
    expect(await visit(system.httpPort, 'shop.localhost', { method: 'POST', body })).toMatchObject({ status: 200, body: 'shop 20000000' });
  });

  test('is served by the replica that lives when the other one is dead', async () => {
    const dead = await startUpstream('dead');
    await system.route('twins', dead, blog);
    await dead.close();
    const answers = await Promise.all(Array.from({ length: 10 }, () => visit(system.httpPort, 'twins.localhost', { method: 'POST', body: 'x' })));
    expect(answers.map((answer) => answer.body)).toEqual(Array.from({ length: 10 }, () => 'blog 1'));
  });
});

test('the directory may have a longer path than a Unix socket, and spaces in it', async () => {
  const parent = await mkdtemp(join(tmpdir(), `${'a rather long name '.repeat(6)}`));
  const system = await startProxy(undefined, parent);
  try {
    expect((await visit(system.httpPort, 'nobody.localhost')).status).toBe(404);
  } finally {
    await system.close();
    await rm(parent, { recursive: true });
  }
});

test('a port that another program holds is named, and nothing is left half started', async () => {
  const system = await prepareProxy();
  const other = createServer().listen(system.httpPort);
  await once(other, 'listening');
  try {
    await expect(system.proxy.ensure()).rejects.toMatchObject({
      code: 'proxy_unavailable',
      message: `start haproxy: port ${system.httpPort} is taken by another program`,
    });
    other.close();
    await system.proxy.ensure();
    expect((await visit(system.httpPort, 'nobody.localhost')).status).toBe(404);
  } finally {
    other.close();
    await system.close();
  }
});
