/** How many requests somebody may make: told on every reply by the fields of draft-ietf-httpapi-ratelimit-headers, refused beyond it. */
import type { Context as HonoContext } from 'hono';
import { AppError } from '../shared/errors.ts';
import type { BaseEnv } from './route.ts';

/** Who carries no token, or one that is no good, is counted by network. @throws AppError rate_limited */
export function countRequest(c: HonoContext<BaseEnv>): void {
  const { rateLimiter, networkOf, clock } = c.get('ctx');
  if (rateLimiter === null) return;
  const identity = c.get('identity');
  const principal = identity === null || identity instanceof AppError ? `network:${networkOf(c.get('incoming'))}` : identity.principal;
  const { isExceeded, remaining, reset } = rateLimiter.count(principal, clock());
  const { quota, windowSeconds } = rateLimiter;
  c.header('RateLimit-Policy', `"default";q=${quota};w=${windowSeconds}`);
  c.header('RateLimit', `"default";r=${remaining};t=${reset}`);
  if (isExceeded) throw new AppError('rate_limited', { detail: `${quota} requests a minute are let through.`, retryAfter: reset });
}
