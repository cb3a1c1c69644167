/** Streams last longer than a request: whose they are is looked at again when somebody may have lost a right, and only then. */
import { AppError } from '../../shared/errors.ts';
import type { StreamEnd } from '../../shared/protocol/messages.ts';
import { describeError } from '../log.ts';
import { findApiKey } from '../store/api-keys.ts';
import { listConnectedServers } from '../store/servers.ts';
import { findCaller } from '../store/sessions.ts';
import { findCallerById } from '../store/users.ts';
import { reachApp, requireRight } from './access.ts';
import { actorOfUser, type Actor } from './actor.ts';
import type { Context } from './context.ts';
import type { Action } from './permissions.ts';
import { persistently } from './persistently.ts';
import type { StreamHolder } from './ports.ts';

/** @param actions what was looked at when the stream was opened, that of the stream itself last */
export function holderOf({ user, via, tokenId }: Actor, actions: readonly Action[]): StreamHolder {
  return { userId: user.id, via, tokenId, actions };
}

/** @throws AppError as a request of theirs would, made now: invalid_token, token_expired, grant_missing, scope_missing, app_not_found, forbidden */
export async function requireHolder(ctx: Context, holder: StreamHolder, appId: string): Promise<void> {
  const actor = await findActor(ctx, holder);
  for (const action of holder.actions) requireRight(actor, action);
  for (const action of holder.actions.slice(-1)) await reachApp(ctx, actor, { id: appId, action });
}

/** Why the stream is no longer theirs; null while it is. */
export async function refusalOfHolder(ctx: Context, holder: StreamHolder, appId: string): Promise<StreamEnd | null> {
  try {
    await requireHolder(ctx, holder, appId);
    return null;
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message };
    throw error;
  }
}

/** Behind the reply that took a right from somebody: streams that are no longer theirs end. @param userId null: it may have been anybody's */
export function endLostStreams(ctx: Context, userId: string | null): void {
  ctx.goOn(lookAtRights(ctx, userId).catch((error: unknown) => ctx.log.error('end streams of those who lost a right', { cause: describeError(error) })));
}

/** At every hub that may have a stream. One that cannot be asked keeps no other from looking. @throws Error of the first such */
export async function lookAtRights(ctx: Context, userId: string | null): Promise<void> {
  const servers = await listConnectedServers(ctx.db);
  const looks = await Promise.allSettled(servers.map(({ id }) => persistently(() => ctx.executors.lookAtRights(id, userId))));
  for (const look of looks) if (look.status === 'rejected') throw look.reason;
}

async function findActor(ctx: Context, { userId, via, tokenId }: StreamHolder): Promise<Actor> {
  if (via === 'session') {
    const caller = await findCaller(ctx.db, tokenId);
    if (caller === undefined) throw new AppError('invalid_token', { detail: 'The session has been ended: log in again.' });
    return actorOfUser(caller, { via, tokenId });
  }
  const [caller, key] = [await findCallerById(ctx.db, userId), await findApiKey(ctx.db, userId, tokenId)];
  if (caller === undefined || key === undefined) throw new AppError('invalid_token', { detail: 'The API key is not known: it may have been deleted.' });
  if (key.expiresAt !== null && key.expiresAt <= ctx.clock()) throw new AppError('token_expired', { detail: 'The API key has expired: make another one.' });
  return { ...actorOfUser(caller, { via, tokenId }), scopes: key.scopes, reach: key.reach };
}
