import { dirname } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { guardDisk } from '../disk.ts';
import type { HandlerContext } from './context.ts';

/** One request of a resumable upload. A PATCH that breaks keeps what has come of it. */
export async function takeUpload({ host, uploads, transfers }: HandlerContext, { transfer, ...request }: Params<'upload'>, signal: AbortSignal): Promise<Result<'upload'>> {
  if (!host.policy.uploads) throw new AppError('upload_disabled');
  if (request.method === 'POST' || request.method === 'PATCH') guardDisk(dirname(uploads.dir))(comingBytes(request));
  if (transfer === null) return uploads.answer(request, null);
  const { body, over } = await transfers.fetch(transfer, signal);
  // An error of the body is the upload's: it is in the answer.
  body.on('error', () => undefined);
  try {
    return await uploads.answer(request, body);
  } finally {
    body.destroy();
    await over;
  }
}

/** What a creation announces, what a piece brings. A number that is none is refused by the protocol itself. */
function comingBytes({ method, headers }: Pick<Params<'upload'>, 'method' | 'headers'>): number {
  const told = Number(headers[method === 'POST' ? 'upload-length' : 'content-length']);
  return Number.isSafeInteger(told) ? told : 0;
}
