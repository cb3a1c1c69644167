/** The engine's `docker load`: takes an archive, answers 200 at once and tells how it went in the stream. */
import type { Readable } from 'node:stream';
import type { Pack } from 'tar-stream';
import { AppError } from '../../shared/errors.ts';
import { moveBytes } from '../../shared/move-bytes.ts';
import { pathFor } from '../docker/api-version.ts';
import { asked, toAppError, type Engine } from '../docker/engine.ts';
import { readFailure } from '../docker/progress.ts';
import { openRequest, replyTo } from '../http.ts';

/** Loads what `archive` holds. @throws AppError archive_invalid, insufficient_storage, engine_unreachable, engine_error */
export async function loadArchive(engine: Engine, archive: Pack, signal: AbortSignal): Promise<void> {
  try {
    // Not through the engine's client: it pipes, which costs more time than all the rest.
    const request = openRequest(new URL(pathFor(engine, '/images/load?quiet=1'), 'http://engine'), { socketPath: engine.socketPath, method: 'POST', signal, agent: false, headers: { 'content-type': 'application/x-tar' } });
    const replied = replyTo(request);
    // A stream of another package, which does the same under other types.
    void moveBytes(archive as unknown as Readable, request, signal);
    const reply = await replied;
    const failure = await readFailure(reply);
    if (reply.statusCode !== 200 || failure !== null) throw new Error(failure ?? `the engine answered ${reply.statusCode}`);
  } catch (error) {
    signal.throwIfAborted();
    throw toLoadError(error);
  }
}

const brokenContent = /unexpected EOF|invalid|no such file|checksum|mismatch|unmarshal|malformed|not a directory|Error processing tar|archive/i;

function toLoadError(error: unknown): AppError {
  const mapped = toAppError('docker load', error);
  if (mapped.code !== 'engine_error') return mapped;
  return brokenContent.test(mapped.message) ? new AppError('archive_invalid', { detail: mapped.message, cause: error }) : mapped;
}

export async function describeImage({ quick }: Engine, image: string): Promise<{ image_id: string; size: number }> {
  const { Id, Size } = await asked('inspect image', quick.getImage(image).inspect());
  return { image_id: Id, size: Size };
}

/** Where the engine keeps images. */
export async function dataRootOf({ quick }: Engine): Promise<string> {
  const info: { DockerRootDir: string } = await asked('ask the engine for its folder', quick.info());
  return info.DockerRootDir;
}
