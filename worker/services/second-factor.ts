/** A second factor besides the password: codes by the time, and recovery codes for when the authenticator is lost. Every code is taken once (SEC-22). */
import type { Proof } from '../../shared/api/sessions.ts';
import type { ProveBoth } from '../../shared/api/sign-in.ts';
import { AppError } from '../../shared/errors.ts';
import { hashRecoveryCode, newRecoveryCodes, newTotpSecret, readTotpCode, stepOf, toTotpUri } from '../auth/totp.ts';
import type { UserRow } from '../store/schema.ts';
import { confirmSecondFactor, deleteSecondFactor, findSecondFactor, proposeSecondFactor, replaceRecoveryCodes, takeRecoveryCode, takeStep } from '../store/second-factors.ts';
import { findUser } from '../store/users.ts';
import type { Actor } from './actor.ts';
import { appendAudit, byActor, type AuditFacts } from './audit.ts';
import type { Context } from './context.ts';
import { countCode } from './login-attempts.ts';
import { requireOwnPassword } from './own-password.ts';

/** What somebody who knows the password has shown besides. @throws AppError second_factor_wrong, too_many_attempts */
export async function proveSecondFactor(ctx: Context, user: UserRow, code: string): Promise<Proof> {
  const taken = await takeCode(ctx, user.id, code);
  if (taken === null) throw new AppError('second_factor_wrong', { detail: 'A code is good once: wait for the next one, or use a recovery code.' });
  return `password+${taken}`;
}

/** A secret that counts from its first code on; until then another one takes its place. @throws AppError second_factor_on, password_wrong, too_many_attempts */
export async function beginSecondFactor(ctx: Context, actor: Actor, given: { password: string; network: string }): Promise<{ secret: string; uri: string }> {
  const { id: userId, email } = actor.user;
  await requireOwnPassword(ctx, actor, given);
  const secret = newTotpSecret();
  const isProposed = await proposeSecondFactor(ctx.db, { userId, sealed: await ctx.vault.seal(secret, purpose(userId)), createdAt: ctx.clock() });
  if (!isProposed) throw new AppError('second_factor_on', { detail: 'DELETE /api/v1/auth/totp takes it off.' });
  return { secret, uri: toTotpUri(secret, email) };
}

/** From here on it counts. Answers recovery codes. @throws AppError second_factor_on, second_factor_off, code_wrong, too_many_attempts */
export async function switchOnSecondFactor(ctx: Context, { user }: Actor, code: string): Promise<string[]> {
  const proposed = await findSecondFactor(ctx.db, user.id);
  if (proposed === undefined) throw new AppError('second_factor_off', { detail: 'POST /api/v1/auth/totp gives a secret first.' });
  if (proposed.confirmedAt !== null) throw new AppError('second_factor_on');
  const forgive = await countCode(ctx, user.id);
  const now = ctx.clock();
  const lastStep = stepOf(await ctx.vault.open(proposed.sealed, purpose(user.id)), readTotpCode(code) ?? '', now);
  if (lastStep === null) throw new AppError('code_wrong', { detail: 'Is the clock of the authenticator right?' });
  const codes = newRecoveryCodes();
  const isOn = await confirmSecondFactor(ctx.db, proposed, { confirmedAt: now, lastStep, recoveryHashes: codes.map((each) => hashRecoveryCode(user.id, each)) });
  if (!isOn) throw new AppError('concurrent_change', { detail: 'The second factor was changed by another request meanwhile.' });
  await forgive();
  await note(ctx, user.id, { action: 'second_factor.on', target: user.id });
  return codes;
}

/** @throws AppError second_factor_off, password_wrong, code_wrong, too_many_attempts */
export async function switchOffSecondFactor(ctx: Context, actor: Actor, given: ProveBoth & { network: string }): Promise<void> {
  await requireBoth(ctx, actor, given);
  if (!(await deleteSecondFactor(ctx.db, actor.user.id))) throw new AppError('second_factor_off');
  await note(ctx, actor.user.id, { action: 'second_factor.off', target: actor.user.id });
}

/** In place of those there were. @throws AppError second_factor_off, password_wrong, code_wrong, too_many_attempts */
export async function renewRecoveryCodes(ctx: Context, actor: Actor, given: ProveBoth & { network: string }): Promise<string[]> {
  const userId = actor.user.id;
  await requireBoth(ctx, actor, given);
  const codes = newRecoveryCodes();
  if (!(await replaceRecoveryCodes(ctx.db, userId, codes.map((code) => hashRecoveryCode(userId, code))))) throw new AppError('second_factor_off');
  await note(ctx, userId, { action: 'recovery_codes.new', target: userId });
  return codes;
}

/** By an administrator, from somebody who has lost it. @throws AppError user_not_found, owner_protected, second_factor_off */
export async function takeSecondFactorFrom(ctx: Context, actor: Actor, userId: string): Promise<void> {
  const user = await findUser(ctx.db, userId);
  if (user === undefined) throw new AppError('user_not_found');
  if (user.role === 'owner' && actor.user.id !== userId) throw new AppError('owner_protected');
  if (!(await deleteSecondFactor(ctx.db, userId))) throw new AppError('second_factor_off');
  await appendAudit(ctx, [{ ...byActor(actor), action: 'second_factor.reset', target: userId }]);
}

async function requireBoth(ctx: Context, actor: Actor, { current_password: password, code, network }: ProveBoth & { network: string }): Promise<void> {
  await requireOwnPassword(ctx, actor, { password, network });
  if (!actor.user.hasSecondFactor) throw new AppError('second_factor_off');
  if ((await takeCode(ctx, actor.user.id, code)) === null) throw new AppError('code_wrong', { detail: 'A code is good once: wait for the next one, or use a recovery code.' });
}

/** Which kind of code it was; null: wrong, or used. Counted before it is looked at. @throws AppError too_many_attempts */
async function takeCode(ctx: Context, userId: string, code: string): Promise<'totp' | 'recovery_code' | null> {
  const forgive = await countCode(ctx, userId);
  const digits = readTotpCode(code);
  const isTaken = digits === null ? await takeRecoveryCode(ctx.db, userId, hashRecoveryCode(userId, code)) : await takeDigits(ctx, userId, digits);
  if (!isTaken) return null;
  await forgive();
  if (digits !== null) return 'totp';
  // At a login nobody is known before.
  await appendAudit(ctx, [{ actor: userId, via: 'public', action: 'recovery_code.use', target: userId }]);
  return 'recovery_code';
}

async function takeDigits(ctx: Context, userId: string, digits: string): Promise<boolean> {
  const row = await findSecondFactor(ctx.db, userId);
  if (row === undefined) return false;
  const step = stepOf(await ctx.vault.open(row.sealed, purpose(userId)), digits, ctx.clock());
  return step !== null && takeStep(ctx.db, userId, step);
}

/** All of these take a session. */
function note(ctx: Context, actor: string, done: Pick<AuditFacts, 'action' | 'target'>): Promise<void> {
  return appendAudit(ctx, [{ actor, via: 'session', ...done }]);
}

function purpose(userId: string): string {
  return `totp:${userId}`;
}
