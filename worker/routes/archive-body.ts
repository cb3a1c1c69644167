/** Bodies that are archives: what the spec says of them, and what a request has. */
import { AppError } from '../../shared/errors.ts';
import type { Body } from '../services/uploads.ts';

const binary = { schema: { type: 'string' as const, format: 'binary' } };
const types = ['application/octet-stream', 'application/x-tar', 'application/gzip', 'application/zstd'] as const;

/**
 * For the spec alone, so that nothing looks into the body before it is passed on. The type is checked by `readArchive`: where a body may be left out, also one
 * without a type or an empty JSON object is none.
 */
export const archiveBody = {
  description: 'The output of `docker save`: plain, gzip or zstd, told by its first bytes. It is streamed to the engine and never kept on the way.',
  required: false,
  content: Object.fromEntries(types.map((type) => [type, binary])),
};

/** Null when the request has no body. An archive of no bytes is one all the same: its sender has meant to send something. */
export function readArchive(request: Request): Body | null {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  const length = readLength(request);
  if (type !== undefined && /^application\/(octet-stream|x-tar|gzip|x-gzip|zstd)$/.test(type)) return toBody(request, length);
  if (length === 0 || type === undefined) return null;
  if (type !== 'application/json') throw new AppError('unsupported_media_type', { detail: `Send the output of docker save as \`Content-Type: ${types.join('` or `')}\`, or no body.` });
  if (length !== null && length <= 2) return null;
  throw new AppError('unknown_field', { detail: 'A deploy takes no fields. Change the app first: PUT /api/v1/apps/{appId}.' });
}

/** The body as it comes, whatever it calls itself. */
export function readBody(request: Request): Body {
  return toBody(request, readLength(request));
}

function toBody({ body }: Request, length: number | null): Body {
  return { bytes: body ?? new Blob([]).stream(), length };
}

/** Null when it is not known before the end. */
function readLength({ headers }: Request): number | null {
  const length = headers.get('content-length');
  if (length !== null) return Number(length);
  return headers.has('transfer-encoding') ? null : 0;
}
