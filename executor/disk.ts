/** Room on the disks of this host: looked at before something large comes, while it comes, and again and again (REL-15). */
import { statfsSync, statSync } from 'node:fs';
import { AppError } from '../shared/errors.ts';
import type { DiskState } from '../shared/protocol/events.ts';
import type { DiskLevel } from '../shared/status.ts';

const gigabyte = 1024 ** 3;

/** Shares of a disk in use, as `df` counts them: from the first on it is told, from the second on images that nobody needs any more are removed. */
const levels = { warning: 0.8, critical: 0.85 } as const;

/** Bytes that stay free on a disk: everything that runs needs some. A tenth, but not a tenth of a very large one. */
export function reserveOf(total: number): number {
  return Math.min(Math.max(total / 10, 2 * gigabyte), 20 * gigabyte);
}

export function levelOf({ total, free }: Pick<DiskState, 'total' | 'free'>): DiskLevel {
  const used = total === 0 ? 0 : (total - free) / total;
  if (used >= levels.critical) return 'critical';
  return used >= levels.warning ? 'warning' : 'ok';
}

/** Answers a function that throws when `coming` more bytes would fill the disk of the first folder that can be seen from here. @throws AppError insufficient_storage */
export function guardDisk(...folders: string[]): (coming: number) => void {
  return (coming) => {
    const disk = folders.map(readDisk).find((found) => found !== null);
    if (disk === undefined || disk === null) return;
    const reserve = reserveOf(disk.total);
    if (disk.free - coming >= reserve) return;
    const wanted = coming > 0 ? ` ${inMegabytes(coming)} MB are to come.` : '';
    throw new AppError('insufficient_storage', { detail: `The disk of ${disk.path} has ${inMegabytes(disk.free)} MB left, of which ${inMegabytes(reserve)} MB stay free.${wanted}` });
  };
}

/** The disks of those folders that can be seen from here, each once. */
export function readDisks(folders: readonly string[]): DiskState[] {
  const byDevice = new Map(folders.toReversed().map((folder) => [deviceOf(folder), folder]));
  return folders.filter((folder) => byDevice.get(deviceOf(folder)) === folder).flatMap((folder) => readDisk(folder) ?? []);
}

/** An error of the system, or of the engine in its words, that says the disk is full. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT' || error.code === 'insufficient_storage')) return true;
  return /no space left on device|disk quota exceeded/i.test(error.message);
}

function readDisk(folder: string): DiskState | null {
  try {
    const { bavail, bfree, blocks, bsize } = statfsSync(folder);
    // Without what the file system keeps back for itself.
    const [total, free] = [(blocks - bfree + bavail) * bsize, bavail * bsize];
    return { path: folder, total, free, level: levelOf({ total, free }) };
  } catch {
    // In a container the folder of the engine is not there.
    return null;
  }
}

function deviceOf(folder: string): number | string {
  try {
    return statSync(folder).dev;
  } catch {
    return folder;
  }
}

function inMegabytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}
