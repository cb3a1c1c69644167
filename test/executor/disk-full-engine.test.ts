/** REL-15: the engine's disk runs full. A small disk that really does, an engine of the test's own on it, and a registry. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDiskWatch } from '../../executor/observe/disk-watch.ts';
import { keptImage } from '../../shared/names.ts';
import type { DiskEvent } from '../../shared/protocol/events.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { makeLayer } from '../support/image-archive.ts';
import { ensureImages, images } from '../support/images.ts';
import { startEngine, type OwnEngine } from '../support/own-engine.ts';
import { openSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { startRegistry, type TinyRegistry } from '../support/tiny-registry.ts';
import { eventually, fetchText, openHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

const megabyte = 1024 ** 2;
const gigabyte = 1024 ** 3;

let disk: SmallDisk;
let engine: OwnEngine;
let registry: TinyRegistry;
let fixture: HostFixture;
/** The root file system of the test images. */
let root: Buffer;
const { signal } = new AbortController();

beforeAll(async () => {
  await ensureImages();
  [disk, registry] = await Promise.all([openSmallDisk(4 * gigabyte), startRegistry()]);
  engine = await startEngine({ dataRoot: join(disk.path, 'docker') });
  await engine.copyImage(images.busybox);
  fixture = await openHostFixture({ docker: engine.docker, socketPath: engine.socketPath });
  const container = await engine.docker.createContainer({ Image: images.busybox });
  root = await buffer(await container.export());
  await container.remove();
});
afterEach(async () => {
  registry.release();
  await disk.clear();
});
afterAll(async () => {
  await engine?.close();
  await Promise.all([disk?.close(), registry?.close(), fixture && rm(fixture.dir, { recursive: true })]);
});

const app = (change: Partial<AppSpec>) => makeSpec({ stop_timeout: 0, drain_timeout: 0, pull_policy: 'missing', ...change });
const serves = ({ app: id }: AppSpec) => fetchText(fixture.proxy.routes().find((route) => route.app === id)?.targets[0]?.address ?? '').catch(() => 'no answer');
/** Each has a layer of its own, or the engine would not ask for it. */
const offer = async (name: string, announced?: number) => registry.offer(name, { layers: [root, await makeLayer(randomBytes(2 * megabyte))], config: { Cmd: ['/bin/serve'], Env: ['PATH=/bin', `IMAGE=${name}`] }, ...(announced !== undefined && { announced }) });
/** What the engine has half of. */
const halves = () => readdirSync(join(engine.dataRoot, 'tmp'));

async function deployed(spec: AppSpec): Promise<string> {
  const { deployment, failure } = await fixture.deploy(spec);
  if (failure !== null) throw new Error(failure.message);
  await fixture.deployments.settled(spec.app);
  return deployment;
}

/** A deployment that brings another image for an app that serves. */
async function deployOver(image: string, meanwhile: () => Promise<void> = async () => undefined) {
  const spec = app({ env: { VERSION: 'serving' }, image: images.busybox });
  await deployed(spec);
  const id = makeId('deployment');
  await fixture.deployments.accept(id, { ...spec, image, env: { VERSION: 'next' } });
  await meanwhile();
  return { spec, next: { ...spec, image, env: { VERSION: 'next' } }, outcome: await fixture.outcome(id) };
}

describe('REL-15 a deployment that has to pull', () => {
  it('is refused before anything is asked of the registry when the disk has less than 2 GB left, and works when there is room again', async () => {
    const image = await offer('early:1');
    await disk.leave(gigabyte);
    registry.requests.length = 0;
    const { spec, next, outcome } = await deployOver(image);
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'insufficient_storage', phase: 'pull', message: expect.stringMatching(/^The disk of .+ has \d+ MB left, of which 2048 MB stay free\.$/) } });
    expect(registry.requests).toEqual([]);
    expect(await serves(spec)).toBe('serving\n');
    await disk.clear();
    await deployed(next);
    expect(await serves(spec)).toBe('next\n');
  });

  it('is ended as soon as the registry says that the image is too large for what is left', async () => {
    registry.holdLayers();
    const { spec, outcome } = await deployOver(await offer('huge:1', 1.5 * gigabyte));
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'insufficient_storage', message: expect.stringMatching(/\d{4} MB are to come\.$/) } });
    expect(await serves(spec)).toBe('serving\n');
    // The engine throws away what has come with the next byte that comes.
    registry.release();
    await expect.poll(halves, { timeout: 20_000 }).toEqual([]);
  });

  it('ends clearly when others fill the disk to its end in the middle of it, and works when there is room again', async () => {
    const image = await offer('half:1');
    const held = registry.holdLayers();
    const { spec, next, outcome } = await deployOver(image, async () => {
      await held;
      await disk.leave(0);
      registry.release();
    });
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'insufficient_storage', phase: 'pull' } });
    expect(await serves(spec)).toBe('serving\n');
    await disk.clear();
    await deployed(next);
    expect(await serves(spec)).toBe('next\n');
  });

  it('REL-08 has failed when it is not done in its time, which its reason names', async () => {
    const image = await offer('slow:1');
    const hurried = await fixture.reopen({ socketPath: engine.socketPath, deadlines: { pull: 1, health: 300 } });
    hurried.deployments.resume();
    for (const stall of [() => registry.hang(), () => void registry.holdLayers()]) {
      stall();
      const id = makeId('deployment');
      await hurried.deployments.accept(id, app({ image }));
      expect(await fixture.outcome(id)).toMatchObject({ status: 'failed', failure: { code: 'deadline_exceeded', phase: 'pull', message: `pull ${image}: not done within 1 s (DOCKUP_PULL_TIMEOUT).` } });
      registry.release();
    }
    await expect.poll(halves, { timeout: 20_000 }).toEqual([]);
  });

  it('REL-11 goes through when the engine is restarted in the middle of it', async () => {
    const image = await offer('restarted:1');
    const held = registry.holdLayers();
    const { next, outcome } = await deployOver(image, async () => {
      await held;
      await engine.stop();
      registry.release();
      await sleep(500);
      await engine.start();
    });
    expect(outcome).toMatchObject({ status: 'succeeded' });
    expect(await serves(next)).toBe('next\n');
  });
});

describe('REL-15 with the disk of the engine at its end', () => {
  it('an app can be stopped, and started again', async () => {
    const spec = app({ image: images.busybox, env: { VERSION: 'stays' } });
    await deployed(spec);
    await disk.leave(0);
    expect(await fixture.handlers.act({ app: spec.app, action: 'stop' }, signal)).toEqual({ status: 'stopped' });
    await disk.clear();
    expect(await fixture.handlers.act({ app: spec.app, action: 'start' }, signal)).toEqual({ status: 'running' });
    await expect.poll(() => serves(spec)).toBe('stays\n');
  });

  it('a deployment ends clearly, and the old container serves', async () => {
    const spec = app({ image: images.busybox, env: { VERSION: 'old' } });
    await deployed(spec);
    await disk.leave(0);
    expect(await fixture.deploy({ ...spec, env: { VERSION: 'new' } })).toMatchObject({ status: 'failed', failure: { code: 'insufficient_storage' } });
    expect(await serves(spec)).toBe('old\n');
    await disk.clear();
    await deployed({ ...spec, env: { VERSION: 'new' } });
    expect(await serves(spec)).toBe('new\n');
  });

  it('images and contents of volumes are refused', async () => {
    const spec = app({ image: images.busybox, volumes: [{ name: 'data', mount_path: '/data' }], strategy: 'stop-first' });
    await deployed(spec);
    await disk.leave(0);
    fixture.transfers.bodies.set('bytes', Buffer.alloc(10 * megabyte));
    await expect(fixture.handlers.load_image({ app: spec.app, image: keptImage(spec.slug, makeId('deployment')), pick: null, transfer: 'bytes', upload: null }, signal)).rejects.toMatchObject({ code: 'insufficient_storage' });
    await expect(fixture.handlers.write_volume({ app: spec.app, volume: 'data', transfer: 'bytes' }, signal)).rejects.toMatchObject({ code: 'insufficient_storage' });
  });
});

describe('REL-15 how full the disk is', () => {
  const told = () => fixture.events.findLast((event): event is DiskEvent => event.kind === 'disk')?.disks.find(({ path }) => path === engine.dataRoot);
  const tags = async () => (await engine.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).sort();
  const total = () => told()?.total ?? 0;

  it('is told at 80 %; at 85 % images that nothing needs go, and nothing else', async () => {
    const watch = createDiskWatch(fixture.host);
    const spec = app({ volumes: [{ name: 'data', mount_path: '/data' }], strategy: 'stop-first' });
    const pulled: string[] = [];
    for (let version = 1; version <= 6; version++) {
      pulled.push(await offer(`shop:${version}`));
      await deployed({ ...spec, image: pulled.at(-1) ?? '' });
    }
    // Of somebody else: pulled by hand, with and without a name, and a volume that nobody uses.
    const [theirs, nameless] = [await offer('theirs:1'), await offer('nameless:1')];
    for (const image of [theirs, nameless]) await eventually(async () => (await engine.docker.pull(image).then(async (reply) => buffer(reply))) && true);
    const { Id: namelessId } = await engine.docker.getImage(nameless).inspect();
    const helper = await engine.docker.createContainer({ Image: nameless });
    const { Id: committed } = await helper.commit({});
    await helper.remove();
    await engine.docker.createVolume({ Name: 'theirs' });
    const [before, volumes] = [await tags(), (await engine.docker.listVolumes()).Volumes.map(({ Name }) => Name).sort()];

    await watch.look();
    expect(told()).toMatchObject({ level: 'ok' });
    const seen = fixture.events.length;
    await watch.look();
    expect(fixture.events).toHaveLength(seen);
    await disk.leave(total() * 0.18);
    await watch.look();
    expect(told()).toMatchObject({ level: 'warning' });
    expect(await tags()).toEqual(before);

    await disk.leave(total() * 0.1);
    await watch.look();
    expect(told()).toMatchObject({ level: 'critical' });
    expect(before.filter((tag) => pulled.includes(tag))).toEqual(pulled);
    // The current one and the three before it have names of ours as well.
    const left = await tags();
    expect(left.filter((tag) => pulled.includes(tag))).toEqual(pulled.slice(2));
    expect(left).toEqual(expect.arrayContaining([theirs, nameless, images.busybox]));
    for (const id of [namelessId, committed]) await expect(engine.docker.getImage(id).inspect()).resolves.toBeDefined();
    expect((await engine.docker.listVolumes()).Volumes.map(({ Name }) => Name).sort()).toEqual(volumes);
    expect(await serves(spec)).toBe('1\n');

    await disk.clear();
    await watch.look();
    expect(told()).toMatchObject({ level: 'ok' });
  });
});
