/** A small disk of a test's own, that really has an end: a file system in a file, which takes no room until something is written. */
import { randomBytes } from 'node:crypto';
import { existsSync, statfsSync } from 'node:fs';
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/setup/run.ts';
import { unmountAll } from './mounts.ts';

export interface SmallDisk {
  /** Where it is mounted. */
  path: string;
  /** Bytes that are left. */
  free(): number;
  /** Leave so many bytes, whatever was left before. */
  leave(bytes: number): Promise<void>;
  /** Take away what `leave` has put there. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const megabyte = 1024 ** 2;

export async function openSmallDisk(bytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-disk-'));
  const [image, path] = [join(folder, 'disk.img'), join(folder, 'disk')];
  await writeFile(image, '');
  await truncate(image, bytes);
  await run('mkfs.ext4', ['-q', '-m', '0', '-N', '60000', '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard', image]);
  await run('mkdir', [path]);
  await run('mount', ['-o', 'loop,nodiscard', image, path]);
  let ballast: string[] = [];

  const free = () => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  const clear = async () => {
    for (const file of ballast) await rm(file, { force: true });
    ballast = [];
    // Blocks of files that are gone are free once the file system has written that down.
    await run('sync', ['--file-system', path]);
  };
  return {
    path,
    free,
    clear,
    async leave(wanted) {
      await clear();
      const own = join(path, `ballast-${randomBytes(4).toString('hex')}`);
      ballast.push(own);
      const size = Math.floor(free() - wanted) - (wanted === 0 ? megabyte : 0);
      if (size > 0) await run('fallocate', ['--length', String(size), own]);
      if (wanted === 0) await writeToTheEnd(`${own}-rest`, ballast);
      await run('sync', ['--file-system', path]);
    },
    async close() {
      await unmountAll(path);
      if (existsSync(image)) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The file system keeps some back for what it has to write down itself, and does not count it in the same way twice. */
async function writeToTheEnd(file: string, ballast: string[]): Promise<void> {
  ballast.push(file);
  for (const chunk of [Buffer.alloc(64 * 1024), Buffer.alloc(4096), Buffer.alloc(1)]) {
    for (let isFull = false; !isFull; ) isFull = await appendFile(file, chunk, { flush: true }).then(() => false, () => true);
  }
}
