import type { Login } from '../../shared/api/auth.ts';
import { AppError } from '../../shared/errors.ts';
import { sha256 } from '../auth/bytes.ts';
import { describeError } from '../log.ts';
import { findKeyByHash } from '../store/api-keys.ts';
import type { UserRow } from '../store/schema.ts';
import { findCaller } from '../store/sessions.ts';
import { findUserByEmail } from '../store/users.ts';
import { actorOfUser, strongest, type Actor } from './actor.ts';
import type { Context } from './context.ts';
import { countAttempt } from './login-attempts.ts';
import { proveSecondFactor } from './second-factor.ts';
import { openSession, type Opened } from './sessions.ts';

export const apiKeyPrefix = 'dkp_';

/** Whoever the bearer token belongs to. @throws AppError invalid_token, token_expired */
export async function identify(ctx: Context, token: string): Promise<Actor> {
  if (token.startsWith(apiKeyPrefix)) {
    const hash = sha256(token);
    const found = await findKeyByHash(ctx.db, hash);
    if (found === undefined) throw new AppError('invalid_token', { detail: 'The API key is not known: it may have been deleted.' });
    const { user, shares, key } = found;
    if (key.expiresAt !== null && key.expiresAt <= ctx.clock()) throw new AppError('token_expired', { detail: 'The API key has expired: make another one.' });
    noteUse(ctx, 'api_key', key.id);
    return { user, via: 'api_key', tokenId: key.id, principal: `key:${hash}`, scopes: key.scopes, reach: key.reach, shares: strongest(shares) };
  }
  const { sessionId } = await ctx.sessionTokens.verify(token, ctx.clock());
  const caller = await findCaller(ctx.db, sessionId);
  if (caller === undefined) throw new AppError('invalid_token', { detail: 'The session has been ended: log in again.' });
  noteUse(ctx, 'session', sessionId);
  return actorOfUser(caller, { via: 'session', tokenId: sessionId });
}

/** Written once in a while, behind a reply; what nobody's next call writes, the sweep does. */
function noteUse({ lastUse, clock, db, log, goOn }: Context, via: Actor['via'], id: string): void {
  lastUse.note(via, id, clock());
  if (lastUse.isDue(clock())) goOn(lastUse.write(db).catch((error: unknown) => log.error('note the last use', { cause: describeError(error) })));
}

/** Identify first, demand later: a bad token is only an error where a route asks for one. */
export async function tryIdentify(identified: Promise<Actor>): Promise<Actor | AppError> {
  try {
    return await identified;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Where a login comes from, and what it calls itself. */
interface Client {
  network: string;
  userAgent: string | undefined;
}

/**
 * A wrong password and an unknown address look the same, also by the time it takes. A wrong code counts like a wrong password, and the right password alone forgives nothing:
 * it makes no room for guessing codes.
 * @throws AppError invalid_credentials, second_factor_required, second_factor_wrong, too_many_attempts
 */
export async function logIn(ctx: Context, { email, password, code }: Login, { network, userAgent }: Client): Promise<Opened & { user: UserRow }> {
  const attempt = await countAttempt(ctx, { email, network });
  const user = await findUserByEmail(ctx.db, email.toLowerCase());
  const isRight = await ctx.passwords.verify(password, user?.passwordHash);
  if (user === undefined || !isRight) throw new AppError('invalid_credentials');
  if (user.hasSecondFactor && code === undefined) {
    await attempt.takeBack();
    throw new AppError('second_factor_required', { detail: 'Send it as `code`: the six digits that the authenticator shows, or a recovery code.' });
  }
  const how = user.hasSecondFactor ? await proveSecondFactor(ctx, user, code ?? '') : 'password';
  const opened = await openSession(ctx, user, { how, userAgent });
  await attempt.forgive();
  return { ...opened, user };
}
