/** Small archives for tests, made and read by the `tar` that everybody has. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const maxBuffer = 256 * 1024 * 1024;

/** Names to texts. */
export function makeTar(files: Record<string, string>): Promise<Buffer> {
  return inFolder(async (folder) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return execFileSync('tar', ['-C', folder, '-c', ...Object.keys(files)], { maxBuffer });
  });
}

/** The files of an archive, without its folders. */
export function readTar(archive: Buffer): Promise<Record<string, string>> {
  return inFolder(async (folder) => {
    const names = execFileSync('tar', ['-t'], { input: archive, encoding: 'utf8' }).split('\n').filter((name) => name !== '' && !name.endsWith('/'));
    execFileSync('tar', ['-C', folder, '-x'], { input: archive });
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name.replace(/^\.\//, ''), await readFile(join(folder, name), 'utf8')] as const)));
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-tar-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
