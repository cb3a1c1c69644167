/** Room on the disk, looked at before something large comes and while it comes (REL-15). */
import { statfsSync } from 'node:fs';
import { AppError } from '../shared/errors.ts';

const gigabyte = 1024 ** 3;

/** Bytes that stay free on a disk: everything that runs needs some. A tenth, but not a tenth of a very large one. */
export function reserveOf(total: number): number {
  return Math.min(Math.max(total / 10, 2 * gigabyte), 20 * gigabyte);
}

/** Answers a function that throws when `coming` more bytes would fill the disk of the first folder that can be seen from here. @throws AppError insufficient_storage */
export function guardDisk(...folders: string[]): (coming: number) => void {
  return (coming) => {
    const disk = folders.map(readDisk).find((found) => found !== null);
    if (disk === undefined || disk === null) return;
    const reserve = reserveOf(disk.total);
    if (disk.free - coming >= reserve) return;
    throw new AppError('insufficient_storage', { detail: `The disk of ${disk.folder} has ${inMegabytes(disk.free)} MB left, of which ${inMegabytes(reserve)} MB stay free.` });
  };
}

function readDisk(folder: string): { folder: string; free: number; total: number } | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { folder, free: bavail * bsize, total: blocks * bsize };
  } catch {
    // In a container the folder of the engine is not there.
    return null;
  }
}

function inMegabytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}
