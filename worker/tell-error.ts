import type { Context as HonoContext } from 'hono';
import type { AppError } from '../shared/errors.ts';
import { describeError } from './log.ts';
import type { BaseEnv } from './route.ts';

/** The private half of an error, to the log. The path is without the query: tokens and tickets may be in there. */
export function tellError(c: HonoContext<BaseEnv>, { status, code, cause }: AppError): void {
  if (status < 500 || cause === undefined) return;
  c.get('ctx').log.error('answer with an error', { request_id: c.get('requestId'), method: c.req.method, path: c.req.path, code, cause: describeError(cause) });
}
