/** Who sends a request, by the header that says so. */
import type { Context as HonoContext } from 'hono';
import type { BaseEnv } from './route.ts';
import { identify, tryIdentify } from './services/auth.ts';

export async function readIdentity(c: HonoContext<BaseEnv>): Promise<BaseEnv['Variables']['identity']> {
  const token = bearerOf(c);
  return token === undefined ? null : tryIdentify(identify(c.get('ctx'), token));
}

export function bearerOf(c: HonoContext<BaseEnv>): string | undefined {
  return /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
}
