/** The password of somebody who is logged in. A stolen session does not know it, so it is asked for again where the account itself is at stake. */
import type { ChangePassword } from '../../shared/api/sign-in.ts';
import { AppError } from '../../shared/errors.ts';
import { replacePassword } from '../store/passwords.ts';
import type { Actor } from './actor.ts';
import { appendAudit, byActor } from './audit.ts';
import type { Context } from './context.ts';
import { countAttempt } from './login-attempts.ts';
import { endLostStreams } from './stream-holders.ts';

interface Given {
  password: string;
  /** Where it comes from. */
  network: string;
}

/** Counts like a login (SEC-22). @throws AppError password_wrong, too_many_attempts */
export async function requireOwnPassword(ctx: Context, { user }: Actor, { password, network }: Given): Promise<void> {
  const { forgive } = await countAttempt(ctx, { email: user.email, network });
  if (!(await ctx.passwords.verify(password, user.passwordHash))) throw new AppError('password_wrong');
  await forgive();
}

/** Every other session of the user ends; keys stay. @throws AppError password_wrong, too_many_attempts, concurrent_change */
export async function changePassword(ctx: Context, actor: Actor, { current_password: password, new_password: wanted, network }: ChangePassword & { network: string }): Promise<void> {
  await requireOwnPassword(ctx, actor, { password, network });
  const isReplaced = await replacePassword(ctx.db, { user: actor.user, newHash: await ctx.passwords.hash(wanted), sessionId: actor.tokenId });
  if (!isReplaced) throw new AppError('concurrent_change', { detail: 'The password was changed by another request meanwhile.' });
  endLostStreams(ctx, actor.user.id);
  await appendAudit(ctx, [{ ...byActor(actor), action: 'user.password', target: actor.user.id }]);
}
