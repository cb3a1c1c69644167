/** Every error reply: RFC 9457 problem+json with our `code`. */
import { DrizzleQueryError } from 'drizzle-orm';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import type { Problem } from '../shared/api/common.ts';
import { AppError, errorEntry, type ErrorCode, type FieldError } from '../shared/errors.ts';

/** Whatever a handler threw, as what is answered. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // What the client refused, as the ORM tells it.
  if (error instanceof DrizzleQueryError && error.cause instanceof AppError) return error.cause;
  if (error instanceof HTTPException && error.status === 400) return new AppError('malformed_json', { detail: 'The body cannot be read as JSON.', cause: error });
  // Of a body that may be left out, the framework looks for the type itself.
  if (error instanceof HTTPException && error.status === 415) return new AppError('unsupported_media_type', { detail: 'Say with `Content-Type` what the body is, or send none.', cause: error });
  return new AppError('internal_error', { detail: 'Quote the request id when you report this.', cause: error });
}

export const problemType = 'application/problem+json';

export function toProblem(error: AppError, { publicUrl, requestId }: { publicUrl: string; requestId: string }): Problem & Record<string, unknown> {
  return {
    type: `${publicUrl}/errors#${error.code}`,
    title: errorEntry(error.code).title,
    status: error.status,
    code: error.code,
    detail: error.message,
    request_id: requestId,
    ...(error.errors.length > 0 && { errors: error.errors }),
    ...error.extra,
  };
}

/** What goes with the reply to an error, whatever its body looks like (RFC 9110: 401 tells how one comes in). */
export function errorHeaders({ status, retryAfter }: AppError): Record<string, string> {
  return { ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }), ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }) };
}

/** Where a checked value was in the request: decides how the pointer is written. */
type Target = 'json' | 'query' | 'param' | 'form' | 'header' | 'cookie';

/** What zod found, as one error: the code of the first finding leads, all are listed. */
export function fromZodError(error: z.core.$ZodError, target: Target): AppError {
  const errors = error.issues.flatMap((issue) => toFieldErrors(issue, target));
  const first = errors[0] ?? { pointer: '', code: 'invalid_value' as const, detail: 'The request is not valid.' };
  return new AppError(first.code, { detail: `${first.pointer || 'The body'}: ${first.detail}`, errors });
}

function toFieldErrors(issue: z.core.$ZodIssue, target: Target): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: toPointer([...path, key], target), code: 'unknown_field', detail: 'There is no such field.' }));
  }
  return [{ pointer: toPointer(path, target), code: codeOf(issue), detail: sentence(issue.message) }];
}

function toPointer(path: string[], target: Target): string {
  if (target !== 'json') return `?${path.join('.')}`;
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function codeOf(issue: z.core.$ZodIssue): ErrorCode {
  switch (issue.code) {
    case 'invalid_type':
      return /received undefined/.test(issue.message) ? 'missing_field' : 'wrong_type';
    case 'too_big':
      return isMeasure(issue.origin) ? 'out_of_range' : 'too_long';
    case 'too_small':
      return isMeasure(issue.origin) ? 'out_of_range' : 'too_short';
    default:
      return 'invalid_value';
  }
}

function isMeasure(origin: string): boolean {
  return origin === 'number' || origin === 'int' || origin === 'bigint' || origin === 'date';
}

function sentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}
