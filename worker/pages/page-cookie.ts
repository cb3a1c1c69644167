/**
 * Who opens a page that is not for everybody. The API takes identity from a header alone, which a browser that opens an address does not send: for that there is a cookie
 * with the login session in it, sealed, so that it opens pages and is no token for anything else (docs/decisions/pages.md).
 */
import type { Context as HonoContext } from 'hono';
import { setCookie } from 'hono/cookie';
import { AppError } from '../../shared/errors.ts';
import { bearerOf, readIdentity } from '../identity.ts';
import type { BaseEnv } from '../route.ts';
import { identify, tryIdentify } from '../services/auth.ts';
import type { Context } from '../services/context.ts';

type Identity = BaseEnv['Variables']['identity'];

const name = 'dockup_page';
const purpose = 'page cookie';

/** The only addresses that it is sent to. */
export const guardedPaths = ['/swagger', '/docs'] as const;

/** By the header, as everywhere; without one by the cookie. Only where a GET is answered. */
export async function identifyVisitor(c: HonoContext<BaseEnv>): Promise<Identity> {
  if (c.req.header('authorization') !== undefined) return readIdentity(c);
  let identity: Identity = null;
  for (const sealed of cookiesOf(c)) {
    const token = await open(c.get('ctx'), sealed);
    if (token === null) continue;
    identity = await tryIdentify(identify(c.get('ctx'), token));
    if (!(identity instanceof AppError)) break;
  }
  return identity;
}

/** For the login session of this request, which the header has to prove: no other site can make a browser send that. @throws AppError unauthenticated, invalid_token, token_expired, forbidden */
export async function keepVisitor(c: HonoContext<BaseEnv>, identity: Identity): Promise<void> {
  const token = bearerOf(c);
  if (identity === null || token === undefined) throw new AppError('unauthenticated');
  if (identity instanceof AppError) throw identity;
  if (identity.via !== 'session') throw new AppError('forbidden', { detail: 'Pages are opened on a login session, never with an API key.' });
  setOnPaths(c, await c.get('ctx').vault.seal(token, purpose));
}

export function forgetVisitor(c: HonoContext<BaseEnv>): void {
  setOnPaths(c, null);
}

/** Without an age: it ends with the browser, and what is sealed in it ends with the session. */
function setOnPaths(c: HonoContext<BaseEnv>, value: string | null): void {
  // What the browser says of the address that it shows: a reverse proxy may have taken the TLS off.
  const secure = new URL(c.req.header('origin') ?? c.get('ctx').config.publicUrl).protocol === 'https:';
  for (const path of guardedPaths) setCookie(c, name, value ?? '', { path, httpOnly: true, sameSite: 'Strict', secure, ...(value === null && { maxAge: 0 }) });
}

/** A browser may hold more than one: whatever is served at another port, or below the same domain, can set one that comes first. */
function cookiesOf(c: HonoContext<BaseEnv>): string[] {
  const pairs = (c.req.header('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1)).slice(0, 4);
}

async function open({ vault }: Context, sealed: string): Promise<string | null> {
  try {
    return await vault.open(decodeURIComponent(sealed), purpose);
  } catch {
    // Not of this host, or cut short: as good as none.
    return null;
  }
}
