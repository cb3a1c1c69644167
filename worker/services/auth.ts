import type { Login } from '../../shared/api/auth.ts';
import { AppError } from '../../shared/errors.ts';
import { sha256 } from '../auth/bytes.ts';
import { describeError } from '../log.ts';
import { findKeyByHash } from '../store/api-keys.ts';
import type { UserRow } from '../store/schema.ts';
import { findUser, findUserByEmail } from '../store/users.ts';
import { actorOfUser, type Actor } from './actor.ts';
import type { Context } from './context.ts';
import { countAttempt } from './login-attempts.ts';

export const apiKeyPrefix = 'dkp_';

/** Whoever the bearer token belongs to. @throws AppError invalid_token, token_expired */
export async function identify(ctx: Context, token: string): Promise<Actor> {
  if (token.startsWith(apiKeyPrefix)) {
    const hash = sha256(token);
    const found = await findKeyByHash(ctx.db, hash);
    if (found === undefined) throw new AppError('invalid_token', { detail: 'The API key is not known: it may have been deleted.' });
    const { user, key } = found;
    if (key.expiresAt !== null && key.expiresAt <= ctx.clock()) throw new AppError('token_expired', { detail: 'The API key has expired: make another one.' });
    noteUse(ctx, key.id);
    return { user, via: 'api_key', principal: `key:${hash}`, scopes: key.scopes, reach: key.reach };
  }
  const { userId } = await ctx.sessionTokens.verify(token);
  const user = await findUser(ctx.db, userId);
  if (user === undefined) throw new AppError('invalid_token', { detail: 'The user of this session is gone.' });
  return actorOfUser(user);
}

/** Written once in a while, behind a reply; what nobody's next call writes, the sweep does. */
function noteUse({ keyUse, clock, db, log, goOn }: Context, id: string): void {
  keyUse.note(id, clock());
  if (keyUse.isDue(clock())) goOn(keyUse.write(db).catch((error: unknown) => log.error('note the use of keys', { cause: describeError(error) })));
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

/** A wrong password and an unknown address look the same, also by the time it takes. @throws AppError invalid_credentials, too_many_attempts */
export async function logIn(ctx: Context, { email, password }: Login, network: string): Promise<{ token: string; expiresAt: number; user: UserRow }> {
  const forgive = await countAttempt(ctx, { email, network });
  const user = await findUserByEmail(ctx.db, email.toLowerCase());
  const isRight = await ctx.passwords.verify(password, user?.passwordHash);
  if (user === undefined || !isRight) throw new AppError('invalid_credentials');
  await forgive();
  return { ...(await ctx.sessionTokens.issue(user.id, ctx.clock())), user };
}
