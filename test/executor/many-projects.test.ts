/** REL-10: 200 projects on one engine, each with a network of its own and a route to it. The engine is one of this test's own. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureNetwork } from '../../executor/docker/networks.ts';
import { createProxy } from '../../executor/proxy/create-proxy.ts';
import type { Proxy } from '../../executor/proxy/proxy.ts';
import { findFreePort } from '../../scripts/local/ports.ts';
import { ensureImages, images } from '../support/images.ts';
import { startEngine, type OwnEngine } from '../support/own-engine.ts';
import { openHostFixture, type HostFixture } from './host-fixture.ts';
import { visit } from './proxy-client.ts';
import { silent } from './proxy-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

/** More than HAProxy's first pool of backends. */
const projects = 200;
/** Every so many projects one has a real app; for the others the host answers at the gateway of their network. */
const everyApp = 10;

let engine: OwnEngine;
let fixture: HostFixture;
let proxy: Proxy;
let host: Server;
let httpPort: number;
const expected: Record<string, string> = {};

beforeAll(async () => {
  await ensureImages();
  [engine, httpPort] = await Promise.all([startEngine(), findFreePort()]);
  await engine.copyImage(images.busybox);
  host = createServer((request, response) => response.end(request.socket.localAddress)).listen(0, '0.0.0.0');
  await once(host, 'listening');
  fixture = await openHostFixture({ docker: engine.docker, socketPath: engine.socketPath, pool: '10.254.0.0/16', wrap: (found) => ({ ...found, get proxy() { return proxy; } }) });
  proxy = await createProxy({ dir: join(fixture.dir, 'proxy'), serverId: fixture.serverId, docker: engine.docker, httpPort, tls: null, supervisor: 'docker', log: silent });
  await proxy.ensure();
});
afterAll(async () => {
  host?.close();
  await engine?.close();
  await rm(fixture.dir, { recursive: true });
});

function hostPort(): number {
  const address = host.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A network and a route, without a container. */
async function route(slug: string): Promise<string> {
  const { host: parts } = fixture;
  const routed = proxy.routes().flatMap(({ targets }) => targets.map((target) => target.address));
  const { subnet } = await ensureNetwork(parts.engine, { project: makeId('project'), pool: parts.networkPool, routed });
  const gateway = subnet.replace(/\d+\/25$/, (last) => String(Number.parseInt(last, 10) + 1));
  await proxy.switchTo({ app: makeId('app'), hosts: [`${slug}.localhost`], targets: [{ id: makeId('deployment'), address: gateway, port: hostPort() }] });
  return gateway;
}

async function deploy(slug: string): Promise<string> {
  const { status, failure } = await fixture.deploy(makeSpec({ slug, hosts: [`${slug}.localhost`], env: { VERSION: slug }, restart_policy: { name: 'always', maximum_retries: 0 } }));
  return status === 'succeeded' ? slug : `${status}: ${failure?.message}`;
}

const reached = async () => {
  const found: Record<string, string> = {};
  for (const slug of Object.keys(expected)) found[slug] = await visit(httpPort, `${slug}.localhost`).then(({ body }) => body.trim(), () => 'refused');
  return found;
};

describe('REL-10 200 projects on one engine', () => {
  it('get networks of their own, and are all reached through HAProxy', { timeout: 300_000 }, async () => {
    for (let i = 0; i < projects; i++) {
      const slug = `p${i}`;
      expected[slug] = await (i % everyApp === 0 ? deploy(slug) : route(slug));
    }
    expect(await fixture.networks()).toHaveLength(projects);
    expect(new Set(Object.values(expected)).size).toBe(projects);
    expect(await reached()).toEqual(expected);
  });

  it('are all reached again within 60 s of a restart of the engine', async () => {
    await engine.stop();
    const begun = Date.now();
    await engine.start();
    await expect.poll(reached, { timeout: 60_000 }).toEqual(expected);
    expect(Date.now() - begun).toBeLessThan(60_000);
  });
});
