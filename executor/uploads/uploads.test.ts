import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createUploads, type Uploads } from './uploads.ts';

const app = 'app_1k3m8v0qz9x4c7b2n5h6t0';
let root: string;
let dir: string;
let uploads: Uploads;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dockup-uploads-'));
  dir = join(root, 'uploads');
  uploads = createUploads({ dir, maxBytes: 1_000_000 });
});
afterEach(() => rm(root, { recursive: true }));

const create = (length = '10') => uploads.answer({ app, method: 'POST', upload: null, headers: { 'tus-resumable': '1.0.0', 'upload-length': length } }, null);

describe('resumable uploads', () => {
  test('a folder that cannot be made is an error of the request, and the next one tries again', async () => {
    await writeFile(dir, 'a file is in the way');
    await expect(create()).rejects.toMatchObject({ code: 'ENOTDIR' });
    await rm(dir);
    expect(await create()).toMatchObject({ status: 201 });
  });

  test('a length that is none is refused by the protocol', async () => {
    expect(await create('12x')).toMatchObject({ status: 400 });
  });

  test('an app has 20 of them at most, and one more when one is gone', async () => {
    const replies = [];
    for (let i = 0; i < 20; i++) replies.push(await create());
    await expect(create()).rejects.toMatchObject({ code: 'too_many_uploads' });
    expect((await readdir(join(dir, app))).filter((name) => !name.endsWith('.json'))).toHaveLength(20);
    const upload = replies[0]?.headers['location']?.split('/').at(-1) ?? '';
    expect(await uploads.answer({ app, method: 'DELETE', upload, headers: { 'tus-resumable': '1.0.0' } }, null)).toMatchObject({ status: 204 });
    expect(await create()).toMatchObject({ status: 201 });
  });

  test('what nobody has come back for goes with its folder, and others stay', async () => {
    await create();
    const old = new Date(Date.now() - 25 * 3_600_000);
    for (const name of await readdir(join(dir, app))) await utimes(join(dir, app, name), old, old);
    const other = join(dir, 'app_2k3m8v0qz9x4c7b2n5h6t0');
    await mkdir(other);
    await writeFile(join(other, 'fresh'), '');
    await uploads.sweep();
    expect(await readdir(dir)).toEqual(['app_2k3m8v0qz9x4c7b2n5h6t0']);
    expect(await create()).toMatchObject({ status: 201 });
  });
});
