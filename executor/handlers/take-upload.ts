import { dirname } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { guardDisk } from '../images/load.ts';
import type { HandlerContext } from './context.ts';

/** One request of a resumable upload. A PATCH that breaks keeps what has come of it. */
export async function takeUpload({ host, uploads, transfers }: HandlerContext, { transfer, ...request }: Params<'upload'>, signal: AbortSignal): Promise<Result<'upload'>> {
  if (!host.policy.uploads) throw new AppError('upload_disabled');
  if (request.method === 'POST') guardDisk(dirname(uploads.dir))(Number(request.headers['upload-length'] ?? 0));
  if (transfer === null) return uploads.answer(request, null);
  const { body } = await transfers.fetch(transfer, signal);
  // An error of the body is the upload's: it is in the answer.
  body.on('error', () => undefined);
  try {
    return await uploads.answer(request, body);
  } finally {
    body.destroy();
  }
}
