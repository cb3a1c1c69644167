/** Files that survive a crash, and a disk that is full: whole or not at all. */
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const unfinished = '.tmp';

/** Write through a temporary file, and to the disk before the name changes: after a power cut it is the old content or the new. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await writeTogether(dirname(path), new Map([[path, content]]));
}

/** Several files of one folder: where there is no room for all of them, none is changed. */
export async function writeTogether(folder: string, contents: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  const temporary = (path: string) => `${path}${unfinished}`;
  const paths = [...contents.keys()];
  try {
    for (const [path, content] of contents) await writeToDisk(temporary(path), content);
  } catch (error) {
    // Half a file takes up the room that is missing.
    await Promise.allSettled(paths.map((path) => rm(temporary(path), { force: true })));
    throw error;
  }
  for (const path of paths) await rename(temporary(path), path);
  await syncDirectory(folder);
}

async function writeToDisk(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A rename or a deletion is only durable once the directory is. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Whether the file is there with exactly that content: then it need not be written, for which there may be no room. */
export async function holds(path: string, content: string): Promise<boolean> {
  return (await readFile(path, 'utf8').catch(() => null)) === content;
}

/** What a process that was killed has left half written, in a directory and all below it. Only for whoever alone writes there, and before the first write. */
export async function removeUnfinished(dir: string): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  await Promise.all(entries.filter((entry) => entry.isFile() && entry.name.endsWith(unfinished)).map(({ parentPath, name }) => rm(join(parentPath, name), { force: true })));
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
