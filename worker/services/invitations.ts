/** Invitations (SEC-15): a token that works once, for one address, for at most 72 hours. Only its hash is kept, and only who made it has ever seen it. */
import type { PageQuery } from '../../shared/api/common.ts';
import type { AcceptInvitation, CreateInvitation } from '../../shared/api/invitations.ts';
import { AppError } from '../../shared/errors.ts';
import { randomBytes, sha256, toHex } from '../auth/bytes.ts';
import { isUniqueViolation } from '../store/db.ts';
import type { InvitationRow } from '../store/invitation-schema.ts';
import { deleteInvitation, findInvitation, insertInvitation, listInvitations, pruneInvitations, takeInvitation } from '../store/invitations.ts';
import type { UserRow } from '../store/schema.ts';
import { findTeam } from '../store/teams.ts';
import { findUser, findUserByEmail } from '../store/users.ts';
import type { Actor } from './actor.ts';
import type { Context } from './context.ts';
import { countAttempt } from './login-attempts.ts';
import { readPage, type Page } from './pages.ts';

const hour = 3_600_000;

/** In the place of an earlier one for the same address, whose token stops working. @throws AppError email_taken, team_not_found */
export async function createInvitation(ctx: Context, actor: Actor, { email: asked, role, grants, teams, expires_in_hours: hours }: CreateInvitation): Promise<{ row: InvitationRow; token: string }> {
  const email = asked.toLowerCase();
  if ((await findUserByEmail(ctx.db, email)) !== undefined) throw new AppError('email_taken', { errors: [{ pointer: '/email', code: 'email_taken', detail: 'A user has this address.' }] });
  for (const [index, id] of teams.entries()) {
    if ((await findTeam(ctx.db, id)) === undefined) throw new AppError('team_not_found', { errors: [{ pointer: `/teams/${index}`, code: 'team_not_found', detail: 'There is no such team.' }] });
  }
  const now = ctx.clock();
  const token = `dki_${toHex(randomBytes(24))}`;
  const row: InvitationRow = { id: ctx.newId('invitation'), email, role, grants, teams, hash: sha256(token), createdBy: actor.user.id, createdAt: now, expiresAt: now + hours * hour };
  await insertInvitation(ctx.db, row);
  return { row, token };
}

/** Those that can still be accepted. */
export function readInvitations(ctx: Context, query: PageQuery): Promise<Page<InvitationRow>> {
  return readPage('invitation', query, (after = '', limit) => listInvitations(ctx.db, { after, limit, now: ctx.clock() }));
}

/** @throws AppError invitation_not_found */
export async function revokeInvitation(ctx: Context, id: string): Promise<void> {
  if (!(await deleteInvitation(ctx.db, id))) throw new AppError('invitation_not_found');
}

/**
 * The new user. An unknown token, one that is used, expired or revoked, and one for another address look the same; the address is not used up by a wrong one.
 * @throws AppError invitation_invalid, too_many_attempts
 */
export async function acceptInvitation(ctx: Context, { token, email: asked, password }: AcceptInvitation, network: string): Promise<UserRow> {
  const email = asked.toLowerCase();
  const attempt = await countAttempt(ctx, { email, network });
  const hash = sha256(token);
  const wanted = { hash, email, now: ctx.clock() };
  // A password is expensive to hash, and is only for who has the token.
  if ((await findInvitation(ctx.db, wanted)) === undefined) throw invalid();
  const id = ctx.newId('user');
  const isTaken = await takeInvitation(ctx.db, wanted, { id, passwordHash: await ctx.passwords.hash(password) }).catch((error: unknown) => {
    // Somebody has been given the address meanwhile.
    if (isUniqueViolation(error, 'users.email')) return false;
    throw error;
  });
  const user = isTaken ? await findUser(ctx.db, id) : undefined;
  if (user === undefined) throw invalid();
  await attempt.forgive();
  return user;
}

function invalid(): AppError {
  return new AppError('invitation_invalid', { detail: 'Check the address, or ask an administrator for another invitation.' });
}

export function forgetInvitations({ db, clock }: Context): Promise<void> {
  return pruneInvitations(db, clock());
}
