import { pipeline, Transform } from 'node:stream';
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { guardDisk } from '../disk.ts';
import type { HandlerContext } from './context.ts';

/** One request of a resumable upload. A PATCH that breaks keeps what has come of it. */
export async function takeUpload({ host, uploads, transfers }: HandlerContext, { transfer, ...request }: Params<'upload'>, signal: AbortSignal): Promise<Result<'upload'>> {
  if (!host.policy.uploads) throw new AppError('upload_disabled');
  const guard = guardDisk(host.dir);
  if (request.method === 'POST' || request.method === 'PATCH') guard(comingBytes(request));
  if (transfer === null) return uploads.answer(request, null);
  const { body, over } = await transfers.fetch(transfer, signal);
  // An error of the body is the upload's: it is in the answer.
  body.on('error', () => undefined);
  const guarded = pipeline(body, guardedBy(guard), () => undefined);
  try {
    const reply = await uploads.answer(request, guarded);
    // The package does not say why it could not write, or who broke the body. What has come of the piece is kept.
    if (guarded.errored instanceof AppError) throw guarded.errored;
    if (reply.status >= 500) guard(0);
    return reply;
  } finally {
    body.destroy();
    await over;
  }
}

/** A piece may come without its length, and others fill the disk meanwhile. */
function guardedBy(guard: (coming: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        guard(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}

/** What a creation announces, what a piece brings. A number that is none is refused by the protocol itself. */
function comingBytes({ method, headers }: Pick<Params<'upload'>, 'method' | 'headers'>): number {
  const told = Number(headers[method === 'POST' ? 'upload-length' : 'content-length']);
  return Number.isSafeInteger(told) ? told : 0;
}
