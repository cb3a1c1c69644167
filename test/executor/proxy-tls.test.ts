import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { visit } from './proxy-client.ts';
import { type ProxyFixture, startProxy } from './proxy-fixture.ts';
import { startUpstream, type Upstream } from './proxy-upstream.ts';

describe('with TLS by an authority of its own', () => {
  let system: ProxyFixture;
  let shop: Upstream;

  beforeAll(async () => {
    [system, shop] = await Promise.all([startProxy({ internal: true }), startUpstream('shop')]);
    await system.route('shop', shop);
  });
  afterAll(() => Promise.all([system?.close(), shop?.close()]));

  const visitSecurely = async (headers: Record<string, string> = {}) => {
    const options = { host: '127.0.0.1', port: system.httpsPort, servername: 'shop.localhost', rejectUnauthorized: false, agent: false } as const;
    const [response] = await once(httpsRequest({ ...options, path: '/headers', headers: { host: `shop.localhost:${system.httpsPort}`, ...headers } }).end(), 'response');
    return { status: response.statusCode, seen: JSON.parse(await text(response)) };
  };

  test('an app is reached over https, and told address, protocol and host of the visitor', async () => {
    const { status, seen } = await visitSecurely();
    expect(status).toBe(200);
    expect(seen).toMatchObject({
      'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': `shop.localhost:${system.httpsPort}`,
      'x-forwarded-port': String(system.httpsPort), 'x-real-ip': '127.0.0.1',
    });
  });

  test('a visitor cannot pretend another address over https either', async () => {
    const { seen } = await visitSecurely({ 'x-forwarded-for': '10.9.8.7', 'x-forwarded-proto': 'gopher', 'x-real-ip': '10.9.8.7', forwarded: 'for=10.9.8.7' });
    expect(seen).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', 'x-real-ip': '127.0.0.1' });
    expect(seen).not.toHaveProperty('forwarded');
  });

  test('the certificate is made on demand, and the same after a restart of Caddy', async () => {
    const certificate = async () => {
      const socket = connectTls({ host: '127.0.0.1', port: system.httpsPort, servername: 'shop.localhost', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      return new X509Certificate(raw);
    };
    const before = await certificate();
    expect(before.subjectAltName).toBe('DNS:shop.localhost');
    expect(before.issuer).toContain('Caddy Local Authority');
    await system.container('tls').restart({ t: 1 });
    await system.proxy.ensure();
    expect((await certificate()).serialNumber).toBe(before.serialNumber);
  });

  test('a host without an app gets no certificate', async () => {
    const socket = connectTls({ host: '127.0.0.1', port: system.httpsPort, servername: 'nobody.localhost', rejectUnauthorized: false });
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/alert/);
  });

  test('HTTP/2 is spoken, and HTTP/3 offered', async () => {
    const session = connectHttp2(`https://127.0.0.1:${system.httpsPort}`, { servername: 'shop.localhost', rejectUnauthorized: false });
    const stream = session.request({ ':path': '/', ':authority': 'shop.localhost' });
    const [headers] = await once(stream, 'response');
    expect(headers).toMatchObject({ ':status': 200, 'alt-svc': expect.stringContaining(`h3=":${system.httpsPort}"`) });
    expect(await text(stream)).toBe('shop');
    session.close();
  });

  test('a WebSocket passes', async () => {
    const agent = new Agent({ servername: 'shop.localhost', rejectUnauthorized: false });
    const socket = new WebSocket(`wss://127.0.0.1:${system.httpsPort}/`, { agent, headers: { host: 'shop.localhost' } });
    await once(socket, 'open');
    socket.send('hello');
    const [answer] = await once(socket, 'message');
    expect(String(answer)).toBe('shop: hello');
    socket.terminate();
  });

  test('a streamed answer arrives part by part', async () => {
    const options = { host: '127.0.0.1', port: system.httpsPort, servername: 'shop.localhost', rejectUnauthorized: false, agent: false } as const;
    const request = httpsRequest({ ...options, path: '/stream', headers: { host: 'shop.localhost' } }).end();
    const [response] = await once(request, 'response');
    for (const part of ['one', 'two']) {
      const arrival = once(response, 'data');
      shop.push(part);
      expect(String((await arrival)[0])).toBe(part);
    }
    request.destroy();
  });

  test('plain HTTP still reaches the app', async () => {
    expect(await visit(system.httpPort, 'shop.localhost')).toMatchObject({ status: 200, body: 'shop' });
  });

  test('whether a host has an app is told to Caddy on this machine only', async () => {
    const ask = (domain: string, localAddress = '127.0.0.1') =>
      visit(system.httpPort, `127.0.0.1:${system.httpPort}`, { path: `/.dockup/ask?domain=${domain}`, localAddress }).then(({ status }) => status);
    expect(await ask('shop.localhost')).toBe(200);
    expect(await ask('nobody.localhost')).toBe(404);
    expect(await ask('shop.localhost', '127.0.0.9')).toBe(404);
    expect((await visit(system.httpPort, 'nobody.localhost', { path: '/.dockup/ask?domain=shop.localhost' })).status).toBe(404);
  });

  test('the authority is kept out of the trust store of the system', async () => {
    const { HostConfig } = await system.container('tls').inspect();
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], RestartPolicy: { Name: 'always' } });
    expect(HostConfig.Mounts?.map((mount) => mount.Source)).toEqual([system.dir]);
  });
});

describe('with TLS for a public domain', () => {
  let system: ProxyFixture;
  let shop: Upstream;

  beforeAll(async () => {
    [system, shop] = await Promise.all([startProxy({ internal: false }), startUpstream('shop')]);
    await system.route('shop', shop);
  });
  afterAll(() => Promise.all([system?.close(), shop?.close()]));

  test('plain HTTP of a known host is sent to https, method and query kept', async () => {
    const { status, headers } = await visit(system.httpPort, `shop.localhost:${system.httpPort}`, { method: 'POST', path: '/cart?id=1', body: 'x' });
    expect(status).toBe(308);
    expect(headers.location).toBe(`https://shop.localhost:${system.httpsPort}/cart?id=1`);
    expect(shop.seen).toEqual([]);
  });

  test('an unknown host still gets the 404 page, since https would have no certificate for it', async () => {
    expect((await visit(system.httpPort, 'nobody.localhost')).status).toBe(404);
  });
});
