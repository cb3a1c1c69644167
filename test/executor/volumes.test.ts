/** Volumes on the real engine: kept, mounted, filled, read and deleted. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweep } from '../../executor/deploy/sweep.ts';
import { defaultPolicy } from '../../executor/docker/policy.ts';
import { helperRole } from '../../executor/docker/volumes.ts';
import { AppError } from '../../shared/errors.ts';
import { labels, volumeName } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { ensureImages, images } from '../support/images.ts';
import { makeTar, readTar } from '../support/tar.ts';
import { docker, eventually, openHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
let dir: string;
const { signal } = new AbortController();
beforeAll(async () => {
  await ensureImages();
  fixture = await openHostFixture();
  dir = await mkdtemp(join(tmpdir(), 'dockup-volumes-'));
});
afterAll(async () => {
  await fixture.close();
  await rm(dir, { recursive: true });
});

const withVolume = (change: Partial<AppSpec> = {}) => makeSpec({ volumes: [{ name: 'data', mount_path: '/data' }], stop_timeout: 0, ...change });
const onEngine = (app: string, volume = 'data') => volumeName(fixture.serverId, app, volume);
const list = (app: string) => fixture.handlers.volumes({ app }, signal).then(({ volumes }) => volumes);
const helpers = () => docker.listContainers({ all: true, filters: { label: [`${labels.server}=${fixture.serverId}`, `${labels.role}=${helperRole}`] } });

async function deployed(spec: AppSpec): Promise<void> {
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
  await fixture.deployments.settled(spec.app);
}

async function fill(app: string, body: Readable | Buffer, volume = 'data'): Promise<void> {
  const transfer = makeId('event');
  fixture.transfers.bodies.set(transfer, body);
  await fixture.handlers.write_volume({ app, volume, transfer }, signal);
}

async function read(app: string, volume = 'data'): Promise<Buffer> {
  const transfer = makeId('event');
  await fixture.handlers.read_volume({ app, volume, transfer }, signal);
  return fixture.transfers.sent.get(transfer) ?? Buffer.alloc(0);
}

describe('a volume', () => {
  it('REL-13 is never mounted by two running containers, and given back when a deployment fails, whatever the spec says', async () => {
    const spec = withVolume({ strategy: 'start-first' });
    await deployed(spec);
    const [first] = await fixture.containers();
    const next = makeId('deployment');
    await fixture.deployments.accept(next, { ...spec, env: { NEVER_LISTEN: '1' } });
    const running = async () => (await docker.listContainers({ filters: { label: [`${labels.app}=${spec.app}`] } })).map(({ Labels }) => Labels[labels.deployment]);
    const seen = await eventually(async () => ((await running()).includes(next) ? running() : undefined));
    expect(seen).toEqual([next]);
    await expect(fixture.handlers.act({ app: spec.app, action: 'start' }, signal)).rejects.toMatchObject({ code: 'invalid_state' });
    await fixture.deployments.cancel(next, 'deployment_cancelled');
    await fixture.outcome(next);
    expect(await running()).toEqual([first?.Labels[labels.deployment]]);
  });

  it('is made by the first deployment, labelled, and found again by the next', async () => {
    const spec = withVolume();
    await deployed(spec);
    const made = await docker.getVolume(onEngine(spec.app)).inspect();
    expect(made).toMatchObject({ Driver: 'local', Options: null, Labels: { 'dockup.managed': 'true', 'dockup.server': fixture.serverId, 'dockup.app': spec.app, 'dockup.volume': 'data' } });
    await fill(spec.app, await makeTar({ kept: 'across deploys' }));
    await deployed({ ...spec, env: { VERSION: '2' } });
    expect(await readTar(await read(spec.app))).toEqual({ kept: 'across deploys' });
    expect(await list(spec.app)).toEqual([{ name: 'data', size: expect.any(Number), is_mounted: true }]);
  });

  it('stays when its container goes, with what is in it', async () => {
    const spec = withVolume();
    await deployed(spec);
    await fill(spec.app, await makeTar({ kept: 'yes' }));
    await fixture.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    expect(await list(spec.app)).toMatchObject([{ name: 'data', is_mounted: false }]);
    expect(await readTar(await read(spec.app))).toEqual({ kept: 'yes' });
  });

  it('goes with its app when it is named, and no other one does', async () => {
    const spec = withVolume({ volumes: [{ name: 'data', mount_path: '/data' }, { name: 'cache', mount_path: '/cache' }] });
    await deployed(spec);
    await fixture.handlers.remove_app({ app: spec.app, volumes: ['cache', 'never-made'] }, signal);
    expect((await list(spec.app)).map(({ name }) => name)).toEqual(['data']);
  });

  it('is not removed while a container has it, and removed twice without harm afterwards', async () => {
    const spec = withVolume();
    await deployed(spec);
    await expect(fixture.handlers.remove_volume({ app: spec.app, volume: 'data' }, signal)).rejects.toMatchObject({ code: 'volume_in_use' });
    await deployed({ ...spec, volumes: [], strategy: 'start-first' });
    await fixture.handlers.remove_volume({ app: spec.app, volume: 'data' }, signal);
    await fixture.handlers.remove_volume({ app: spec.app, volume: 'data' }, signal);
    expect(await list(spec.app)).toEqual([]);
  });

  it.each<[string, object]>([
    ['that carries no label of ours', {}],
    ['that belongs to another app', { Labels: { 'dockup.managed': 'true', 'dockup.app': 'app_1k3m8v0qz9x4c7b2n5h6t0', 'dockup.volume': 'data' } }],
  ])('SEC-05 %s is neither mounted nor removed', async (_name, options) => {
    const spec = withVolume();
    const name = onEngine(spec.app);
    await docker.createVolume({ Name: name, ...options });
    try {
      expect(await fixture.deploy(spec)).toMatchObject({ status: 'failed', failure: { code: 'policy_refused' } });
      await expect(read(spec.app)).rejects.toMatchObject({ code: 'volume_not_found' });
      await fixture.handlers.remove_volume({ app: spec.app, volume: 'data' }, signal);
      expect(await docker.getVolume(name).inspect()).toMatchObject({ Name: name });
    } finally {
      await docker.getVolume(name).remove();
    }
  });

  it('SEC-05 with our labels, that is a folder of the host in disguise, is not mounted', async () => {
    const spec = withVolume();
    const name = onEngine(spec.app);
    const Labels = { 'dockup.managed': 'true', 'dockup.server': fixture.serverId, 'dockup.app': spec.app, 'dockup.volume': 'data' };
    await docker.createVolume({ Name: name, Labels, DriverOpts: { type: 'none', o: 'bind', device: '/etc' } });
    try {
      expect(await fixture.deploy(spec)).toMatchObject({ status: 'failed', failure: { code: 'policy_refused' } });
    } finally {
      await docker.getVolume(name).remove();
    }
  });
});

describe('the content of a volume', () => {
  it('comes back as it went in, plain and compressed, into a volume that need not be there', async () => {
    const app = makeId('app');
    await fill(app, await makeTar({ one: '1', two: 'x'.repeat(300_000) }));
    await fill(app, gzipSync(await makeTar({ three: '3', one: 'replaced' })));
    expect(await readTar(await read(app))).toEqual({ one: 'replaced', two: 'x'.repeat(300_000), three: '3' });
    expect(await helpers()).toEqual([]);
  });

  it.each<[string, () => Promise<Buffer>]>([
    ['no tar', () => Promise.resolve(Buffer.from('this is only text\n'.repeat(1000)))],
    ['a few bytes', () => Promise.resolve(Buffer.from('short'))],
    ['empty', () => Promise.resolve(Buffer.alloc(0))],
    ['cut in the middle', async () => (await makeTar({ big: 'x'.repeat(100_000) })).subarray(0, 50_000)],
    ['cut in the middle of its compression', async () => gzipSync(await makeTar({ big: Array.from({ length: 20_000 }, (_, i) => i).join() })).subarray(0, 5_000)],
  ])('is refused when the archive is %s', async (_name, archive) => {
    const app = makeId('app');
    await expect(fill(app, await archive())).rejects.toMatchObject({ code: 'archive_invalid' });
    expect(await helpers()).toEqual([]);
  });

  it('is refused when it leads out of the volume', async () => {
    const folder = await mkdtemp(join(dir, 'out-'));
    await writeFile(join(folder, 'evil'), 'x');
    const archive = execFileSync('tar', ['-P', '-C', folder, '-c', '--transform', 's,^,../../etc/,', 'evil'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const app = makeId('app');
    await expect(fill(app, archive)).rejects.toMatchObject({ code: 'archive_invalid' });
    expect(await readTar(await read(app))).toEqual({});
  });

  it('whose sender breaks off counts as interrupted', async () => {
    const app = makeId('app');
    const whole = await makeTar({ big: 'x'.repeat(500_000) });
    const body = new Readable({ read() {} });
    body.push(whole.subarray(0, 200_000));
    setTimeout(() => body.destroy(new Error('socket hang up')), 200);
    await expect(fill(app, body)).rejects.toMatchObject({ code: 'upload_interrupted' });
    expect(await helpers()).toEqual([]);
  });

  it.each([0, 1_000])('whose sender leaves after %i bytes, while others are waited for, counts as interrupted', async (bytes) => {
    const app = makeId('app');
    const [waiting, others] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holding = fixture.host.containers.hold(app, () => (waiting.resolve(), others.promise));
    await waiting.promise;
    const body = new Readable({ read() {} });
    if (bytes > 0) body.push((await makeTar({ big: 'x'.repeat(500_000) })).subarray(0, bytes));
    const filling = fill(app, body);
    body.destroy(new Error('socket hang up'));
    others.resolve();
    await holding;
    await expect(filling).rejects.toMatchObject({ code: 'upload_interrupted' });
    expect(await helpers()).toEqual([]);
    expect([...fixture.host.helpers]).toEqual([]);
  });

  it('that nobody waits for any more leaves no helper', async () => {
    const caller = new AbortController();
    const body = new Readable({ read() {} });
    body.push((await makeTar({ big: 'x'.repeat(500_000) })).subarray(0, 200_000));
    fixture.transfers.bodies.set('abandoned', body);
    const filling = fixture.handlers.write_volume({ app: makeId('app'), volume: 'data', transfer: 'abandoned' }, caller.signal);
    filling.catch(() => undefined);
    await eventually(async () => ((await helpers()).length > 0 ? true : undefined));
    caller.abort(new AppError('deadline_exceeded'));
    await expect(filling).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(await helpers()).toEqual([]);
    expect([...fixture.host.helpers]).toEqual([]);
  });

  it('SEC-14 is refused when it is more than the server takes, packed or not', async () => {
    const { handlers } = await fixture.reopen({ maxUpload: 100_000 });
    const archive = await makeTar({ big: 'x'.repeat(300_000) });
    for (const bytes of [archive, gzipSync(archive)]) {
      fixture.transfers.bodies.set('large', bytes);
      await expect(handlers.write_volume({ app: makeId('app'), volume: 'data', transfer: 'large' }, signal)).rejects.toMatchObject({ code: 'archive_too_large' });
    }
    expect(await helpers()).toEqual([]);
  });

  it('SEC-18 is not even fetched by a host that takes no uploads', async () => {
    const { handlers } = await fixture.reopen({ policy: { ...defaultPolicy, uploads: false } });
    const app = makeId('app');
    await expect(handlers.write_volume({ app, volume: 'data', transfer: 'never-fetched' }, signal)).rejects.toMatchObject({ code: 'upload_disabled' });
    expect(await list(app)).toEqual([]);
  });

  it('has nothing of the image that the helper was made from, which is one of ours', async () => {
    const app = makeId('app');
    await writeFile(join(dir, 'planted'), 'by the image');
    const root = execFileSync('tar', ['-C', dir, '-c', '--transform', 's,^,volume/,', 'planted']);
    const name = `dockup/haproxy:${fixture.serverId.slice(-8)}`;
    await docker.importImage(Readable.from([root]), { repo: 'dockup/haproxy', tag: fixture.serverId.slice(-8), changes: [`LABEL ${labels.server}=${fixture.serverId}`] }).then(buffer);
    try {
      const used: string[] = [];
      const { createContainer } = fixture.host.engine.docker;
      fixture.host.engine.docker.createContainer = function (options: Dockerode.ContainerCreateOptions) {
        used.push(options.Image ?? '');
        return createContainer.call(this, options);
      };
      await fill(app, await makeTar({ own: 'file' }));
      expect(await readTar(await read(app))).toEqual({ own: 'file' });
      fixture.host.engine.docker.createContainer = createContainer;
      const { Id } = await docker.getImage(name).inspect();
      expect(used).toEqual([Id, Id]);
    } finally {
      await docker.getImage(name).remove();
    }
  });

  it('of a volume that is not there is not sent', async () => {
    await expect(read(makeId('app'))).rejects.toMatchObject({ code: 'volume_not_found' });
  });

  it('is reached by a helper that a later executor takes away when this one was killed', async () => {
    const app = makeId('app');
    await fill(app, await makeTar({ one: '1' }));
    const Labels = { [labels.managed]: 'true', [labels.server]: fixture.serverId, [labels.role]: helperRole };
    const create = (name: string) => docker.createContainer({ name, Image: images.busybox, Labels, HostConfig: { Mounts: [{ Type: 'volume', Source: onEngine(app), Target: '/volume' }] } });
    await create(`left-${app.slice(4)}`);
    await create(`used-${app.slice(4)}`);
    fixture.host.helpers.add(`used-${app.slice(4)}`);
    await sweep(fixture.host, fixture.deployments);
    expect((await helpers()).flatMap(({ Names }) => Names)).toEqual([`/used-${app.slice(4)}`]);
    fixture.host.helpers.clear();
    await sweep(fixture.host, fixture.deployments);
    expect(await helpers()).toEqual([]);
  });
});
