import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { extract, pack as createPack, type Header } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { filterArchive, type FilterOptions } from './filter.ts';

type Entry = Partial<Header> & { name: string; body?: string | Buffer };

const tag = 'dockup/shop:dep_1k3m8v0qz9x4c7b2n5h6t0';
const image = (id: string, tags: string[] | null) => ({ Config: `${id}.json`, RepoTags: tags, Layers: [`${id}/layer.tar`] });
const contentOf = (id: string): Entry[] => [{ name: `${id}.json`, body: '{}' }, { name: `${id}/`, type: 'directory' }, { name: `${id}/layer.tar`, body: randomBytes(40_000) }];
const manifest = (...images: object[]): Entry => ({ name: 'manifest.json', body: JSON.stringify(images) });

/** As Engine 20.10 writes it: the manifest near the end. */
const saved = [...contentOf('aa'), manifest(image('aa', ['shop:1'])), { name: 'repositories', body: '{"shop":{"1":"aa"}}' }];
/** As Engine 25 and newer do: an OCI layout, its indexes wherever the alphabet puts them. */
const layout: Entry[] = [
  { name: 'blobs/', type: 'directory' },
  { name: 'blobs/sha256/aa', body: '{}' },
  { name: 'blobs/sha256/bb', body: randomBytes(40_000) },
  { name: 'index.json', body: '{"manifests":[{"annotations":{"io.containerd.image.name":"docker.io/library/nginx:alpine"}}]}' },
  manifest({ Config: 'blobs/sha256/aa', RepoTags: ['shop:1', 'nginx:alpine'], Layers: ['blobs/sha256/bb'], LayerSources: {} }),
  { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
];

async function tar(entries: Entry[]): Promise<Buffer> {
  const archive = createPack();
  for (const { body, ...header } of entries) archive.entry(header, body ?? '');
  archive.finalize();
  return collect(archive);
}

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What the engine gets: names and contents, in order. */
async function filter(archive: Buffer | Readable, options: Partial<FilterOptions> = {}): Promise<[string, string][]> {
  const pack = createPack();
  const through = new PassThrough();
  pack.on('error', (error) => through.destroy(error as Error));
  pack.pipe(through);
  const read = readTar(through);
  read.catch(() => undefined);
  const source = Buffer.isBuffer(archive) ? Readable.from(slices(archive), { objectMode: false }) : archive;
  await filterArchive(source, pack, { image: tag, pick: null, maxBytes: 10_000_000, ...options });
  return read;
}

/** Of uneven lengths, as a network gives them. */
function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 7 + 3) % 9_001) yield bytes.subarray(at, at + length);
}

async function readTar(stream: Readable): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const entry of stream.pipe(extract()) as unknown as AsyncIterable<AsyncIterable<unknown> & { header: Header }>) {
    const bytes = await collect(entry);
    found.push([entry.header.name, entry.header.name.endsWith('.json') ? bytes.toString() : createHash('sha256').update(bytes).digest('hex')]);
  }
  return found;
}

async function refusalOf(archive: Buffer | Readable, options: Partial<FilterOptions> = {}): Promise<AppError> {
  const error: unknown = await filter(archive, options).then(
    () => new Error('it was let through'),
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw error;
}

describe('an archive of docker save', () => {
  test.each([
    ['of Engine 20.10', saved],
    ['of Engine 25, an OCI layout', layout],
    ['with paths that begin with ./', saved.map((entry) => ({ ...entry, name: `./${entry.name}` }))],
  ])('%s keeps its content and loses its names', async (_name, entries) => {
    const found = await filter(await tar(entries));
    const [last, text = ''] = found.at(-1) ?? [];
    expect(last).toBe('manifest.json');
    expect(JSON.parse(text)).toEqual([{ Config: expect.any(String), RepoTags: [tag], Layers: [expect.any(String)] }]);
    expect(found.map(([name]) => name)).not.toContain('repositories');
    expect(found.map(([name]) => name)).not.toContain('index.json');
    const given = entries.find(({ name }) => /layer\.tar|\/bb$/.test(name));
    expect(found.map(([, digest]) => digest)).toContain(createHash('sha256').update(given?.body ?? '').digest('hex'));
  });

  test.each([
    ['plain', (bytes: Buffer) => bytes],
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('%s is told by its first bytes', async (_name, compress) => {
    expect(await filter(compress(await tar(saved)))).toEqual(await filter(await tar(saved)));
  });

  test('links to the layer of another folder stay', async () => {
    const found = await filter(await tar([...saved, { name: 'bb/layer.tar', type: 'symlink', linkname: '../aa/layer.tar' }]));
    expect(found.map(([name]) => name)).toContain('bb/layer.tar');
  });
});

describe('several images', () => {
  const entries = [...contentOf('aa'), ...contentOf('bb'), manifest(image('aa', ['shop:1', 'shop:2']), image('bb', ['api:latest']), image('aa', null))];

  test('are archive_ambiguous, and named', async () => {
    expect(await refusalOf(await tar(entries))).toMatchObject({ code: 'archive_ambiguous', message: expect.stringContaining('shop:1, shop:2, api:latest, sha256:aa') });
  });

  test.each([
    ['shop:2', 'aa.json'],
    ['api:latest', 'bb.json'],
    ['api', 'bb.json'],
    ['sha256:aa', 'aa.json'],
  ])('%s picks one', async (pick, config) => {
    const text = (await filter(await tar(entries), { pick })).at(-1)?.[1] ?? '';
    expect(JSON.parse(text)).toMatchObject([{ Config: config, RepoTags: [tag] }]);
  });

  test('one that is not there is image_not_in_archive', async () => {
    expect(await refusalOf(await tar(entries), { pick: 'nginx' })).toMatchObject({ code: 'image_not_in_archive', message: expect.stringContaining('api:latest') });
  });
});

describe('SEC-14 an archive that is not one is refused', () => {
  const evil: [string, Entry[], RegExp][] = [
    ['an absolute path', [{ name: '/etc/passwd', body: 'x' }], /"\/etc\/passwd" leaves it/],
    ['a path upwards', [{ name: 'aa/../../etc/passwd', body: 'x' }], /leaves it/],
    ['a link upwards', [{ name: 'aa/x', type: 'symlink', linkname: '../../etc' }], /link "aa\/x" leaves it/],
    ['an absolute link', [{ name: 'x', type: 'symlink', linkname: '/etc' }], /link "x" leaves it/],
    ['a hard link upwards', [{ name: 'aa/x', type: 'link', linkname: '../etc/passwd' }], /leaves it/],
    ['a path through a link', [{ name: 'd', type: 'symlink', linkname: 'aa' }, { name: 'd/x', body: 'x' }], /leads through the link "d"/],
    ['a link through a link', [{ name: 'd', type: 'symlink', linkname: 'aa' }, { name: 'x', type: 'symlink', linkname: 'd/y' }], /leads through the link "d"/],
    ['a device', [{ name: 'sda', type: 'block-device', devmajor: 8 }], /"sda" is a block-device/],
    ['a terminal', [{ name: 'tty', type: 'character-device' }], /character-device/],
    ['a pipe', [{ name: 'p', type: 'fifo' }], /fifo/],
    ['a second manifest', [manifest(image('aa', ['nginx:alpine']))], /more than one manifest/],
    ['a second manifest under another spelling', [{ ...manifest(image('aa', ['nginx:alpine'])), name: './/manifest.json' }], /more than one manifest/],
    ['a manifest that is a link', [{ name: 'manifest.json', type: 'symlink', linkname: 'aa.json' }], /more than one manifest/],
  ];

  test.each(evil)('%s', async (_name, added, reason) => {
    for (const entries of [[...added, ...saved], [...saved, ...added]]) {
      const refused = await refusalOf(await tar(entries));
      expect(refused.code).toBe('archive_invalid');
      expect(refused.message).toMatch(reason);
    }
  });

  test.each([
    ['nothing', Buffer.alloc(0), /empty/],
    ['one byte', Buffer.from('x'), /ends before it is whole/],
    ['zeros', Buffer.alloc(10_240), /empty/],
    ['random bytes', randomBytes(100_000), /not a tar/],
    ['text', Buffer.from('nginx:alpine\n'.repeat(1_000)), /not a tar/],
    ['gzip of nothing', gzipSync(''), /before it is whole|empty/],
    ['what only begins like gzip', Buffer.concat([Buffer.from([0x1f, 0x8b]), randomBytes(10_000)]), /cannot be read/],
  ])('%s', async (_name, bytes, reason) => {
    const refused = await refusalOf(bytes);
    expect(refused.code).toBe('archive_invalid');
    expect(refused.message).toMatch(reason);
  });

  test.each<[string, Entry[], RegExp]>([
    ['without a manifest', contentOf('aa'), /no manifest\.json/],
    ['with a manifest that is no JSON', [...contentOf('aa'), { name: 'manifest.json', body: 'x' }], /not one of docker save/],
    ['with a manifest of no images', [manifest()], /not one of docker save/],
    ['with a manifest that is too long', [{ name: 'manifest.json', body: ' '.repeat(1_100_000) }], /more than 1048576 bytes/],
    ['without a layer that its manifest names', [{ name: 'aa.json', body: '{}' }, manifest(image('aa', null))], /names "aa\/layer\.tar"/],
    ['with an OCI layout alone', layout.filter(({ name }) => name !== 'manifest.json'), /OCI layout/],
    ['that is a file system of docker export', [{ name: 'bin/', type: 'directory' }, { name: 'bin/sh', body: 'x' }, { name: 'etc/', type: 'directory' }, { name: 'etc/mtab', type: 'symlink', linkname: '/proc/mounts' }], /docker export/],
  ])('%s', async (_name, entries, reason) => {
    const refused = await refusalOf(await tar(entries));
    expect(refused.code).toBe('archive_invalid');
    expect(refused.message).toMatch(reason);
  });

  test('more than 10,000 entries', async () => {
    const entries = Array.from({ length: 10_001 }, (_, i) => ({ name: `f${i}`, body: '' }));
    expect(await refusalOf(await tar(entries), { maxBytes: 100_000_000 })).toMatchObject({ code: 'archive_invalid', message: expect.stringContaining('10000 entries') });
  });

  test('more bytes than allowed, also when they are packed well', async () => {
    const bytes = await tar(saved);
    for (const archive of [bytes, gzipSync(bytes), zstdCompressSync(bytes)]) expect(await refusalOf(archive, { maxBytes: bytes.length - 1 })).toMatchObject({ code: 'archive_too_large' });
  });

  test('a bomb, long before it has gone off', async () => {
    const bomb = gzipSync(Buffer.alloc(300_000_000), { level: 1 });
    const packed = Buffer.concat([gzipSync((await tar([{ name: 'x', size: 600_000_000, body: '' }])).subarray(0, 512)), bomb, bomb]);
    expect(await refusalOf(packed, { maxBytes: 20_000_000_000 })).toMatchObject({ code: 'archive_too_large', message: expect.stringContaining('times its size') });
  });
});

describe('an archive that ends too early is archive_invalid, wherever it was cut', () => {
  test.each([
    ['plain', (bytes: Buffer) => bytes],
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('%s', async (_name, compress) => {
    // To the last byte that says something: what follows are zeros.
    const whole = await tar(saved.slice(0, -1));
    const archive = compress(whole.subarray(0, whole.length - 1_024));
    const cuts = [0, 1, 2, 3, 4, 100, 511, 512, 513, 1_024, 1_536, ...Array.from({ length: 40 }, (_, i) => Math.floor((archive.length * (i + 1)) / 41))];
    for (const cut of cuts) expect.soft((await refusalOf(archive.subarray(0, cut))).code, `cut at ${cut}`).toBe('archive_invalid');
  });

  test('a source that breaks is not blamed on the archive', async () => {
    const bytes = await tar(saved);
    const source = Readable.from((function* () {
      yield bytes.subarray(0, 5_000);
      throw new Error('the cable was pulled');
    })());
    await expect(filter(source)).rejects.toThrow('the cable was pulled');
  });
});
