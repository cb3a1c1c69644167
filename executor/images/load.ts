/** The engine's `docker load`: takes an archive, answers 200 at once and tells how it went in the stream. */
import type { Readable } from 'node:stream';
import type { Pack } from 'tar-stream';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { moveBytes } from '../../shared/move-bytes.ts';
import { asked, toAppError, type Engine } from '../docker/engine.ts';
import { openRequest, replyTo } from '../http.ts';
import { parseJson } from '../json.ts';

/** Loads what `archive` holds. @throws AppError archive_invalid, insufficient_storage, engine_unreachable, engine_error */
export async function loadArchive({ socketPath }: Engine, archive: Pack, signal: AbortSignal): Promise<void> {
  try {
    // Not through the engine's client: it pipes, which costs more time than all the rest.
    const request = openRequest(new URL('http://engine/images/load?quiet=1'), { socketPath, method: 'POST', signal, agent: false, headers: { 'content-type': 'application/x-tar' } });
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

/** The answer is lines of JSON. */
async function readFailure(stream: NodeJS.ReadableStream): Promise<string | null> {
  let text = '';
  // Quiet, it says little; read to its end all the same, or the end of the connection is an error of nobody's.
  for await (const chunk of stream) if (text.length < maxProgress) text += String(chunk);
  for (const line of text.split('\n')) {
    const told = progress.safeParse(parseJson(line));
    if (told.success) return 'message' in told.data ? told.data.message : told.data.errorDetail.message;
  }
  return null;
}

const maxProgress = 1024 * 1024;
/** In the stream, and in an answer that is a refusal. */
const progress = z.union([z.object({ errorDetail: z.object({ message: z.string() }) }), z.object({ message: z.string() })]);

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

/** Where the engine keeps images. */
export async function dataRootOf({ quick }: Engine): Promise<string> {
  const info: { DockerRootDir: string } = await asked('ask the engine for its folder', quick.info());
  return info.DockerRootDir;
}
