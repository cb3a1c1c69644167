import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack as createPack, type Header } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { createInspector } from './volume-archive.ts';

async function tar(...entries: (Partial<Header> & { name: string })[]): Promise<Buffer> {
  const archive = createPack();
  for (const entry of entries) archive.entry(entry, entry.size ? Buffer.alloc(entry.size, 'x') : '');
  archive.finalize();
  return buffer(archive);
}

async function inspect(archive: Buffer, maxEntries?: number): Promise<Buffer> {
  const inspector = await createInspector(maxEntries);
  const [, bytes] = await Promise.all([pipeline(Readable.from([archive.subarray(0, 700), archive.subarray(700)]), inspector), buffer(inspector)]);
  return bytes;
}

describe('an archive for a volume', () => {
  test('goes through byte by byte', async () => {
    const archive = await tar({ name: 'data/', type: 'directory', uid: 999 }, { name: 'data/large', size: 500_000, pax: { 'SCHILY.xattr.user.note': 'kept' } }, { name: 'data/link', type: 'symlink', linkname: '/etc/mtab' });
    expect((await inspect(archive)).equals(archive)).toBe(true);
  });

  test.each<[string, Partial<Header> & { name: string }, RegExp]>([
    ['a disk', { name: 'sda', type: 'block-device', devmajor: 8 }, /"sda" is a block-device/],
    ['a terminal', { name: 'tty', type: 'character-device' }, /"tty" is a character-device/],
    ['an absolute path', { name: '/etc/passwd', size: 1 }, /"\/etc\/passwd" leaves/],
    ['a path upwards', { name: 'a/../../etc/passwd', size: 1 }, /leaves the volume/],
  ])('SEC-14 with %s is refused', async (_name, entry, message) => {
    await expect(inspect(await tar({ name: 'fine', size: 1 }, entry))).rejects.toMatchObject({ code: 'archive_invalid', message: expect.stringMatching(message) });
  });

  test('SEC-14 with too many entries is refused', async () => {
    const three = await tar({ name: 'a' }, { name: 'b' }, { name: 'c' });
    expect(await inspect(three, 3)).toHaveLength(three.length);
    await expect(inspect(three, 2)).rejects.toMatchObject({ code: 'archive_invalid', message: expect.stringContaining('more than 2 entries') });
  });

  test('that ends too early is an error', async () => {
    const archive = await tar({ name: 'large', size: 500_000 });
    await expect(inspect(archive.subarray(0, 100_000))).rejects.toThrow('Unexpected end of data');
  });
});
