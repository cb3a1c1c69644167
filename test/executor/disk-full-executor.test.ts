/** REL-15: the executor's own disk runs full, at every point where it writes something down. A small disk that really does; the engine is on another one. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createProxy } from '../../executor/proxy/create-proxy.ts';
import type { Proxy } from '../../executor/proxy/proxy.ts';
import { findFreePort } from '../../scripts/local/ports.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { ensureImages } from '../support/images.ts';
import { openSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { docker, eventually, openHostFixture, type HostFixture } from './host-fixture.ts';
import { visit } from './proxy-client.ts';
import { silent } from './proxy-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

const gigabyte = 1024 ** 3;
const megabyte = 1024 ** 2;

let disk: SmallDisk;
let fixture: HostFixture;
let proxy: Proxy;
let httpPort: number;
const { signal } = new AbortController();
/** Its own: the proxy is there before the host. */
const proxyServer = makeId('server');
const openProxy = () => createProxy({ dir: join(disk.path, 'proxy'), serverId: proxyServer, docker, httpPort, tls: null, supervisor: 'docker', log: silent });

beforeAll(async () => {
  await ensureImages();
  [disk, httpPort] = await Promise.all([openSmallDisk(4 * gigabyte), findFreePort()]);
  proxy = await openProxy();
  await proxy.ensure();
  fixture = await openHostFixture({ parent: disk.path, wrap: (host) => ({ ...host, proxy }) });
});
afterEach(() => disk.clear());
afterAll(async () => {
  const filters = { label: [`dockup.server=${proxyServer}`] };
  await fixture.close();
  for (const { Id } of await docker.listContainers({ all: true, filters })) await docker.getContainer(Id).remove({ force: true });
  for (const { Id } of await docker.listImages({ filters })) await docker.getImage(Id).remove();
  await disk.close();
});

const app = (change: Partial<AppSpec> = {}) => makeSpec({ stop_timeout: 0, drain_timeout: 0, ...change });
const serves = ({ hosts: [host = ''] }: AppSpec) => visit(httpPort, host).then(({ status, body }) => `${status} ${body}`.trim());
const outcomeOf = (id: string) => fixture.events.find((event) => event.kind === 'deployment' && event.deployment === id && event.status !== 'running');
const isWaiting = (id: string) => eventually(() => fixture.logs.some((line) => line.includes('waiting for room') && line.includes(id)) || undefined);
const leftovers = () => readdirSync(fixture.dir, { recursive: true }).map(String).filter((name) => name.endsWith('.tmp'));

async function serving(change: Partial<AppSpec> = {}): Promise<AppSpec> {
  const spec = app({ env: { VERSION: 'old' }, ...change });
  const { failure } = await fixture.deploy(spec);
  if (failure !== null) throw new Error(failure.message);
  await fixture.deployments.settled(spec.app);
  return spec;
}

describe('REL-15 on a full disk a deployment', () => {
  it('is not begun, and goes through when there is room', async () => {
    const spec = await serving();
    await disk.leave(0);
    const id = makeId('deployment');
    const next = { ...spec, env: { VERSION: 'new' } };
    await expect(fixture.handlers.deploy({ deployment: id, spec: next }, signal)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(fixture.host.journal.get(id)).toBeUndefined();
    expect(fixture.events.some((event) => event.kind === 'deployment' && event.deployment === id)).toBe(false);
    expect(leftovers()).toEqual([]);
    expect(await serves(spec)).toBe('200 old');
    await disk.clear();
    expect(await fixture.deploy(next, id)).toMatchObject({ status: 'succeeded' });
    expect(await serves(spec)).toBe('200 new');
  });

  it('that is under way keeps the old container serving, and its end is told when there is room', async () => {
    const spec = await serving();
    const before = proxy.routes();
    const id = makeId('deployment');
    await fixture.deployments.accept(id, { ...spec, env: { VERSION: 'new', START_DELAY: '1' } });
    await eventually(() => fixture.events.find((event) => event.kind === 'deployment' && event.deployment === id && event.phase === 'health'));
    await disk.leave(0);
    // Neither the route nor the outcome can be written down.
    await isWaiting(id);
    expect(outcomeOf(id)).toBeUndefined();
    expect(await serves(spec)).toBe('200 old');
    expect(proxy.routes()).toEqual(before);
    expect(leftovers()).toEqual([]);
    // What HAProxy and the next executor would start from is what serves.
    const reopened = await openProxy();
    expect(reopened.routes()).toEqual(before);
    await reopened.ensure();
    expect(await serves(spec)).toBe('200 old');
    await disk.clear();
    expect(await fixture.outcome(id)).toMatchObject({ status: 'failed', failure: { code: 'insufficient_storage', phase: 'switch' } });
    await fixture.deployments.settled(spec.app);
    expect(await serves(spec)).toBe('200 old');
    expect(await fixture.deploy({ ...spec, env: { VERSION: 'new' } })).toMatchObject({ status: 'succeeded' });
    expect(await serves(spec)).toBe('200 new');
  });

  it('that has switched serves, and is told as succeeded when there is room; what it replaced goes', async () => {
    const spec = await serving({ stop_timeout: 0, drain_timeout: 2 });
    const id = makeId('deployment');
    // The disk runs full right after the switch.
    const { switchTo } = proxy;
    proxy.switchTo = async (route) => {
      await switchTo.call(proxy, route);
      await disk.leave(0);
    };
    await fixture.deployments.accept(id, { ...spec, env: { VERSION: 'new' } });
    await isWaiting(id);
    proxy.switchTo = switchTo;
    expect(outcomeOf(id)).toBeUndefined();
    expect(await serves(spec)).toBe('200 new');
    await disk.clear();
    expect(await fixture.outcome(id)).toMatchObject({ status: 'succeeded' });
    await fixture.deployments.settled(spec.app);
    expect((await fixture.containers()).filter(({ Labels }) => Labels['dockup.app'] === spec.app)).toHaveLength(1);
  });

  it('that is cancelled ends', async () => {
    const spec = await serving();
    const id = makeId('deployment');
    await fixture.deployments.accept(id, { ...spec, env: { NEVER_LISTEN: '1' } });
    await eventually(() => fixture.events.find((event) => event.kind === 'deployment' && event.deployment === id && event.phase === 'health'));
    await disk.leave(0);
    expect(await fixture.deployments.cancel(id, 'deployment_cancelled')).toBe(true);
    await isWaiting(id);
    await disk.clear();
    expect(await fixture.outcome(id)).toMatchObject({ status: 'cancelled' });
    expect(await serves(spec)).toBe('200 old');
  });

  it('loses the log of the container that it replaces, and nothing else', async () => {
    const spec = await serving();
    const first = fixture.host.journal.current(spec.app)?.deployment;
    const { keep } = fixture.host.logs.archive;
    fixture.host.logs.archive.keep = async (container) => {
      await disk.leave(0);
      await keep.call(fixture.host.logs.archive, container);
    };
    const id = makeId('deployment');
    await fixture.deployments.accept(id, { ...spec, env: { VERSION: 'new' } });
    await isWaiting(id);
    fixture.host.logs.archive.keep = keep;
    expect(fixture.logs.some((line) => line.includes('could not be kept') && line.includes(first ?? '?'))).toBe(true);
    await disk.clear();
    await fixture.deployments.settled(spec.app);
    expect(await serves(spec)).toBe('200 new');
    expect((await fixture.containers()).filter(({ Labels }) => Labels['dockup.app'] === spec.app)).toHaveLength(1);
  });
});

it('REL-15 on a full disk an app can be stopped, which may be what makes room', async () => {
  const spec = await serving({ restart_policy: { name: 'unless-stopped', maximum_retries: 0 } });
  await disk.leave(0);
  expect(await fixture.handlers.act({ app: spec.app, action: 'stop' }, signal)).toEqual({ status: 'stopped' });
  await disk.clear();
  expect(await fixture.handlers.act({ app: spec.app, action: 'start' }, signal)).toEqual({ status: 'running' });
  await expect.poll(() => serves(spec)).toBe('200 old');
});

describe('REL-15 a resumable upload', () => {
  const tus = { 'tus-resumable': '1.0.0' };
  const request = (method: 'POST' | 'PATCH' | 'HEAD', upload: string | null, headers: Record<string, string> = {}, body?: Readable) => {
    if (body !== undefined) fixture.transfers.bodies.set('piece', body);
    return fixture.handlers.upload({ app: 'app_1k3m8v0qz9x4c7b2n5h6t0', method, upload, headers: { ...tus, ...headers }, transfer: body === undefined ? null : 'piece' }, signal);
  };
  const create = (length: number) => request('POST', null, { 'upload-length': String(length) });
  const idOf = ({ headers }: { headers: Record<string, string> }) => headers['location']?.split('/').at(-1) ?? '';
  const offsetOf = async (id: string) => Number((await request('HEAD', id)).headers['upload-offset']);

  it('is refused from the start where it would leave too little', async () => {
    await disk.leave(2.2 * gigabyte);
    await expect(create(300 * megabyte)).rejects.toMatchObject({ code: 'insufficient_storage', message: expect.stringMatching(/ 300 MB are to come\.$/) });
    expect(await create(10 * megabyte)).toMatchObject({ status: 201 });
    await disk.leave(0);
    await expect(create(1)).rejects.toMatchObject({ code: 'insufficient_storage' });
  });

  it('whose piece meets the end of the disk says so, keeps what has come, and goes on when there is room', async () => {
    const bytes = randomBytes(20 * megabyte);
    const id = idOf(await create(bytes.length));
    const chunks = Array.from({ length: 320 }, (_, i) => bytes.subarray(i * 64 * 1024, (i + 1) * 64 * 1024));
    async function* sent() {
      for (const [i, chunk] of chunks.entries()) {
        if (i === 100) await disk.leave(0);
        yield chunk;
      }
    }
    const headers = { 'content-type': 'application/offset+octet-stream' };
    await expect(request('PATCH', id, { ...headers, 'upload-offset': '0' }, Readable.from(sent(), { objectMode: false }))).rejects.toMatchObject({ code: 'insufficient_storage' });
    await disk.clear();
    const offset = await offsetOf(id);
    expect(offset).toBeLessThan(bytes.length);
    const reply = await request('PATCH', id, { ...headers, 'upload-offset': String(offset) }, Readable.from([bytes.subarray(offset)], { objectMode: false }));
    expect(reply).toMatchObject({ status: 204, headers: { 'upload-offset': String(bytes.length) } });
    const file = join(fixture.dir, 'uploads/app_1k3m8v0qz9x4c7b2n5h6t0', id);
    const compared = spawn('cmp', ['-', file]);
    compared.stdin.end(bytes);
    expect(await new Promise((resolve) => compared.once('close', resolve))).toBe(0);
    await rm(file);
  });
});
