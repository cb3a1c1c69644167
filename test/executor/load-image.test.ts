/** Images that clients send, on the real engine: what is loaded, under which name, and that nothing is left of what is refused. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { defaultPolicy } from '../../executor/docker/policy.ts';
import { AppError } from '../../shared/errors.ts';
import { keptImage } from '../../shared/names.ts';
import { makeImageArchive, makeLayer } from '../support/image-archive.ts';
import { ensureImages, images } from '../support/images.ts';
import { docker, openHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId } from './spec.ts';

const save = (...names: string[]) => spawnSync('docker', ['save', ...names], { maxBuffer: 1024 ** 3 }).stdout;

describe('load_image', () => {
  let host: HostFixture;
  let archive: Buffer;
  const app = makeId('app');
  const made: string[] = [];
  let fetch: HostFixture['transfers']['fetch'];
  afterEach(() => void (host.transfers.fetch = fetch));
  beforeAll(async () => {
    await ensureImages();
    host = await openHostFixture();
    ({ fetch } = host.transfers);
    archive = save(images.busybox);
  });
  afterAll(async () => {
    for (const name of made) await docker.getImage(name).remove();
    await host?.close();
  });

  async function load(bytes: Buffer, { handlers = host.handlers, pick = null as string | null } = {}): Promise<{ image: string; id: string }> {
    const image = keptImage(`t${host.serverId.slice(-8)}`, makeId('deployment'));
    host.transfers.bodies.set('bytes', bytes);
    const { image_id: id } = await handlers.load_image({ app, image, pick, transfer: 'bytes', upload: null }, new AbortController().signal);
    made.push(image);
    return { image, id };
  }

  /** Everything of the engine that an archive could leave, of images that no others of this machine are making: what two known tags point to, images without a tag, and what is unpacked. */
  async function traces(): Promise<unknown> {
    const known = await Promise.all([images.busybox, images.nginx].map(async (name) => `${name} ${(await docker.getImage(name).inspect()).Id}`));
    const untagged = (await docker.listImages({ filters: { dangling: ['true'] } })).map(({ Id }) => Id).sort();
    const { DockerRootDir } = await docker.info();
    const unpacked = readdirSync(join(DockerRootDir, 'tmp')).filter((name) => name.startsWith('docker-import-')).sort();
    return { known, untagged, unpacked };
  }

  /** Of the prefix that `load` gives, so that images of others do not count. */
  async function ownTags(): Promise<string[]> {
    return (await docker.listImages({ filters: { reference: [`dockup/t${host.serverId.slice(-8)}`] } })).flatMap(({ RepoTags }) => RepoTags ?? []).sort();
  }

  test.each([
    ['plain', (bytes: Buffer) => bytes],
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('SEC-14 %s: it gets the tag of its deployment and no other', async (_name, compress) => {
    const before = await traces();
    const { image, id } = await load(compress(archive));
    expect(id).toBe((await docker.getImage(images.busybox).inspect()).Id);
    expect((await docker.getImage(image).inspect()).Id).toBe(id);
    // The engine clears up behind its answer.
    await expect.poll(traces).toEqual(before);
  });

  test('SEC-04 the tags in the archive touch no image of the engine', async () => {
    const stolen = await makeImageArchive({ tags: [images.nginx, images.busybox], layer: await makeLayer(randomBytes(1_000)) });
    const before = await traces();
    await load(stolen);
    // The engine clears up behind its answer.
    await expect.poll(traces).toEqual(before);
  });

  test('of several images only the one that was picked is loaded', async () => {
    const { id } = await load(save(images.busybox, images.nginx), { pick: images.busybox });
    expect(id).toBe((await docker.getImage(images.busybox).inspect()).Id);
  });

  test.each<[string, () => Buffer | Promise<Buffer>, string]>([
    ['nothing', () => Buffer.alloc(0), 'archive_invalid'],
    ['half an archive', () => archive.subarray(0, archive.length / 2), 'archive_invalid'],
    ['a layer that is no tar', () => makeImageArchive({ tags: [images.nginx], layer: randomBytes(50_000) }), 'archive_invalid'],
    ['a layer that is another one', async () => makeImageArchive({ tags: [images.nginx], layer: await makeLayer(randomBytes(1_000)), diffId: `sha256:${'0'.repeat(64)}` }), 'archive_invalid'],
    ['random bytes', () => randomBytes(60_000), 'archive_invalid'],
    ['several images', () => save(images.busybox, images.nginx), 'archive_ambiguous'],
  ])('%s is refused and leaves nothing', async (_name, bytes, code) => {
    const [tags, before] = [await ownTags(), await traces()];
    await expect(load(await bytes())).rejects.toMatchObject({ code });
    expect(await ownTags()).toEqual(tags);
    // The engine clears up behind its answer.
    await expect.poll(traces).toEqual(before);
    expect(readdirSync(host.dir)).not.toContain('uploads');
  });

  test('SEC-14 more than the server takes is archive_too_large', async () => {
    const tags = await ownTags();
    const { handlers } = await host.reopen({ maxUpload: 1_000_000 });
    await expect(load(archive, { handlers })).rejects.toMatchObject({ code: 'archive_too_large' });
    await expect(load(gzipSync(archive), { handlers })).rejects.toMatchObject({ code: 'archive_too_large' });
    expect(await ownTags()).toEqual(tags);
  });

  test('SEC-18 a host that takes no uploads does not even fetch them', async () => {
    const { handlers } = await host.reopen({ policy: { ...defaultPolicy, uploads: false } });
    host.transfers.bodies.clear();
    await expect(handlers.load_image({ app, image: keptImage('x', makeId('deployment')), pick: null, transfer: 'bytes', upload: null }, new AbortController().signal)).rejects.toMatchObject({ code: 'upload_disabled' });
    await expect(handlers.upload({ app, method: 'POST', upload: null, headers: {}, transfer: null }, new AbortController().signal)).rejects.toMatchObject({ code: 'upload_disabled' });
  });

  test('a sender that goes is upload_interrupted, and the next one is served', async () => {
    const tags = await ownTags();
    host.transfers.fetch = async () => ({ body: Readable.from((async function* () {
      yield archive.subarray(0, 100_000);
      throw new Error('aborted');
    })(), { objectMode: false }), length: null, over: Promise.resolve() });
    await expect(load(archive)).rejects.toMatchObject({ code: 'upload_interrupted' });
    expect(await ownTags()).toEqual(tags);
  });

  test.each<[string, (body: Readable) => void]>([
    ['with an error', (body) => body.destroy(new Error('socket hang up'))],
    ['without a word', (body) => body.destroy()],
  ])('a sender that leaves %s before its first byte, while others are waited for, holds nobody up', async (_name, leave) => {
    const tags = await ownTags();
    const [fetched, others] = [Promise.withResolvers<void>(), new Readable({ read() {} })];
    const gone = new Readable({ read() {} });
    const bodies = [others, gone];
    host.transfers.fetch = async () => {
      const body = bodies.shift();
      if (bodies.length === 0) fetched.resolve();
      return { body: body ?? Readable.from([archive]), length: null, over: Promise.resolve() };
    };
    const [first, second] = [load(archive), load(archive)];
    second.catch(() => undefined);
    await fetched.promise;
    leave(gone);
    others.push(null);
    await expect(first).rejects.toMatchObject({ code: 'archive_invalid' });
    await expect(second).rejects.toMatchObject({ code: 'upload_interrupted' });
    expect(await ownTags()).toEqual(tags);
    await load(archive);
  });

  test('a caller that goes before the first byte holds nobody up', async () => {
    const caller = new AbortController();
    host.transfers.fetch = async () => ({ body: new Readable({ read() {} }), length: null, over: Promise.resolve() });
    const waiting = host.handlers.load_image({ app, image: keptImage('x', makeId('deployment')), pick: null, transfer: 'bytes', upload: null }, caller.signal);
    setTimeout(() => caller.abort(new AppError('deadline_exceeded')), 100);
    await expect(waiting).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  test('an image whose deployment never comes goes when it is cancelled, when its app is removed, and no image of others does', async () => {
    const [cancelled, left] = [await load(archive), await load(archive)];
    const foreign = keptImage(`t${host.serverId.slice(-8)}`, makeId('deployment'));
    await docker.getImage(images.busybox).tag({ repo: foreign.slice(0, foreign.indexOf(':')), tag: foreign.slice(foreign.indexOf(':') + 1) });
    const { handlers } = await host.reopen();
    await handlers.cancel_deploy({ deployment: cancelled.image.slice(cancelled.image.indexOf(':') + 1) }, new AbortController().signal);
    expect(await ownTags()).not.toContain(cancelled.image);
    expect(await ownTags()).toContain(left.image);
    await handlers.remove_app({ app, volumes: [] }, new AbortController().signal);
    expect(await ownTags()).toEqual([foreign]);
    await docker.getImage(foreign).remove();
    made.length = 0;
  });
});
