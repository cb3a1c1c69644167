/** Where somebody is logged in. The token names its session: when that is gone, so is what the token was good for. */
import type { PageQuery } from '../../shared/api/common.ts';
import { userAgentLength, type Proof } from '../../shared/api/sessions.ts';
import { AppError } from '../../shared/errors.ts';
import { beginningOf } from '../../shared/text.ts';
import type { SessionRow, UserRow } from '../store/schema.ts';
import { deleteOtherSessions, deleteSession, insertSession, listSessions } from '../store/sessions.ts';
import type { Actor } from './actor.ts';
import { appendAudit, byActor } from './audit.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';
import { endLostStreams } from './stream-holders.ts';

export interface Opened {
  token: string;
  expiresAt: number;
}

/** For somebody who has shown what `how` says. @throws AppError invalid_credentials where that was changed in the same moment */
export async function openSession(ctx: Context, user: UserRow, { how, userAgent }: { how: Proof; userAgent: string | undefined }): Promise<Opened> {
  const id = ctx.newId('session');
  const now = ctx.clock();
  const opened = await ctx.sessionTokens.issue({ id, userId: user.id }, now);
  const row: SessionRow = { id, userId: user.id, how, userAgent: trim(userAgent), lastUsedAt: now, expiresAt: opened.expiresAt, createdAt: now };
  if (!(await insertSession(ctx.db, row, user))) throw new AppError('invalid_credentials');
  return opened;
}

/** What a stranger may have written: short, and nothing a terminal would obey. */
function trim(userAgent: string | undefined): string | null {
  const text = beginningOf(userAgent?.replaceAll(/\p{C}/gu, ' ').trim() ?? '', userAgentLength);
  return text === '' ? null : text;
}

export function readSessions(ctx: Context, actor: Actor, query: PageQuery): Promise<Page<SessionRow>> {
  return readPage('session', query, (after = '', limit) => listSessions(ctx.db, actor.user.id, { after, limit, now: ctx.clock() }));
}

/** One's own, the current one as well. @throws AppError session_not_found */
export async function endSession(ctx: Context, actor: Actor, id: string): Promise<void> {
  if (!(await deleteSession(ctx.db, actor.user.id, id))) throw new AppError('session_not_found');
  endLostStreams(ctx, actor.user.id);
  await appendAudit(ctx, [{ ...byActor(actor), action: 'session.end', target: id }]);
}

/** All but the current one. */
export async function endOtherSessions(ctx: Context, actor: Actor): Promise<void> {
  await deleteOtherSessions(ctx.db, actor.user.id, actor.tokenId);
  endLostStreams(ctx, actor.user.id);
  await appendAudit(ctx, [{ ...byActor(actor), action: 'session.end_others', target: actor.user.id }]);
}
