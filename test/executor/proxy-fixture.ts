/** A routing system of its own on real parts: HAProxy (and Caddy) in containers, a directory, free ports. Everything it made is gone after `close`. */
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import { createProxy } from '../../executor/proxy/create-proxy.ts';
import type { TlsSettings } from '../../executor/proxy/haproxy-config.ts';
import type { Proxy } from '../../executor/proxy/proxy.ts';
import { labels, newId } from '../../shared/names.ts';
import type { Upstream } from './proxy-upstream.ts';

export interface ProxyFixture {
  proxy: Proxy;
  dir: string;
  httpPort: number;
  httpsPort: number;
  /** What a restarted executor has: another controller over the same directory. */
  reopen(): Promise<Proxy>;
  /** Route `<app>.localhost` to the upstreams. */
  route(app: string, ...upstreams: Upstream[]): Promise<void>;
  container(role: 'proxy' | 'tls'): Dockerode.Container;
  close(): Promise<void>;
}

export const docker = new Dockerode();
export const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The proxy has been written down, not started. */
export async function prepareProxy(tls?: Pick<TlsSettings, 'internal'>, parent = tmpdir()): Promise<ProxyFixture> {
  const serverId = newId('server', Date.now(), randomBytes(13));
  const [root, httpPort, httpsPort] = await Promise.all([mkdtemp(join(parent, 'dockup-proxy-')), freePort(), freePort()]);
  const dir = join(root, 'proxy');
  const open = () =>
    createProxy({ dir, serverId, docker, httpPort, tls: tls ? { port: httpsPort, internal: tls.internal } : null, supervisor: 'docker', log: silent });
  const proxy = await open();

  return {
    proxy,
    dir,
    httpPort,
    httpsPort,
    reopen: open,
    route: (app, ...upstreams) => proxy.switchTo(routeTo(app, ...upstreams)),
    container: (role) => docker.getContainer(`dockup-${role}-${serverId.slice(-8)}`),
    async close() {
      const filters = { label: [`${labels.server}=${serverId}`] };
      for (const { Id } of await docker.listContainers({ all: true, filters })) await docker.getContainer(Id).remove({ force: true });
      for (const { Id } of await docker.listImages({ filters })) await docker.getImage(Id).remove();
      await rm(root, { recursive: true });
    },
  };
}

/** The proxy answers. */
export async function startProxy(...options: Parameters<typeof prepareProxy>): Promise<ProxyFixture> {
  const fixture = await prepareProxy(...options);
  try {
    await fixture.proxy.ensure();
    return fixture;
  } catch (error) {
    await fixture.close();
    throw error;
  }
}

export function routeTo(app: string, ...upstreams: Upstream[]) {
  return { app, hosts: [`${app}.localhost`], targets: upstreams.map(({ name, port }) => ({ id: name, address: '127.0.0.1', port })) };
}

/** Below the range that the kernel takes the ports of outgoing connections from. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(randomInt(20_000, 30_000));
  try {
    await once(server, 'listening');
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : await freePort();
  } catch {
    return await freePort();
  } finally {
    server.close();
  }
}
