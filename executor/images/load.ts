/** The engine's `docker load`: takes an archive, answers 200 at once and tells how it went in the stream. */
import { statfsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { asked, toAppError, type Engine } from '../docker/engine.ts';
import { parseJson } from '../json.ts';

/** Loads what `archive` holds. @throws AppError archive_invalid, insufficient_storage, engine_unreachable, engine_error */
export async function loadArchive({ docker }: Engine, archive: Readable, signal: AbortSignal): Promise<void> {
  try {
    const failure = await readFailure(await docker.loadImage(archive, { quiet: true, abortSignal: signal }));
    if (failure !== null) throw new Error(failure);
  } catch (error) {
    signal.throwIfAborted();
    throw toLoadError(error);
  }
}

/** The stream is lines of JSON; the package's own reader of them passes over errors. */
async function readFailure(stream: NodeJS.ReadableStream): Promise<string | null> {
  let text = '';
  // Quiet, it says little; read to its end all the same, or the end of the connection is an error of nobody's.
  for await (const chunk of stream) if (text.length < maxProgress) text += String(chunk);
  for (const line of text.split('\n')) {
    const told = progress.safeParse(parseJson(line));
    if (told.success) return told.data.errorDetail.message;
  }
  return null;
}

const maxProgress = 1024 * 1024;
const progress = z.object({ errorDetail: z.object({ message: z.string() }) });

const brokenContent = /unexpected EOF|invalid|no such file|checksum|mismatch|unmarshal|malformed|not a directory|Error processing tar|archive/i;

function toLoadError(error: unknown): AppError {
  const mapped = toAppError('docker load', error);
  if (mapped.code !== 'engine_error') return mapped;
  if (/no space left/i.test(mapped.message)) return new AppError('insufficient_storage', { detail: mapped.message, cause: error });
  return brokenContent.test(mapped.message) ? new AppError('archive_invalid', { detail: mapped.message, cause: error }) : mapped;
}

export async function describeImage({ quick }: Engine, image: string): Promise<{ image_id: string; size: number }> {
  const { Id, Size } = await asked('inspect image', quick.getImage(image).inspect());
  return { image_id: Id, size: Size };
}

/** Bytes that stay free on the disk of the engine: everything that runs needs some. */
const reserve = 2 * 1024 ** 3;

/** Answers a function that throws when `coming` more bytes would fill the disk that holds `folder`. A folder that is not seen from here (in a container) is not checked. */
export function guardDisk(folder: string): (coming: number) => void {
  return (coming) => {
    const free = freeBytes(folder);
    if (free === null || free - coming >= reserve) return;
    throw new AppError('insufficient_storage', { detail: `The disk of ${folder} has ${Math.floor(free / 1024 ** 2)} MB left, of which 2048 MB stay free.` });
  };
}

function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** Where the engine keeps images. */
export async function dataRootOf({ quick }: Engine): Promise<string> {
  const info: { DockerRootDir: string } = await asked('ask the engine for its folder', quick.info());
  return info.DockerRootDir;
}
