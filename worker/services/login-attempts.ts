/** Guessing passwords is slow (SEC-22). Counted in the database: a restart forgets nothing, and at the edge all isolates count together. */
import { AppError } from '../../shared/errors.ts';
import { sha256 } from '../auth/bytes.ts';
import { countLoginAttempt, forgiveLoginAttempt } from '../store/login-attempts.ts';
import type { Context } from './context.ts';

/** ms, from the first attempt on. */
const window = 60_000;

/** Attempts in a window that may fail: of one account from one network, and of all accounts from one network. */
export const perAccount = 5;
export const perNetwork = 30;

interface Attempt {
  /** As it was typed: whether there is such an account makes no difference here. */
  email: string;
  /** Where it comes from. */
  network: string;
}

/**
 * Counts an attempt before anything is looked at, so that those that come at once are counted too. What is refused has verified no password.
 * Answers what to call when it was a right one: only those that failed count.
 * @throws AppError too_many_attempts
 */
export async function countAttempt(ctx: Context, { email, network }: Attempt): Promise<() => Promise<void>> {
  const account = sha256(JSON.stringify([email.toLowerCase(), network]));
  const all = sha256(JSON.stringify([network]));
  // One after the other: those that are refused for their account do not count for the whole network.
  await take(ctx, account, perAccount);
  await take(ctx, all, perNetwork);
  return () => forgiveLoginAttempt(ctx.db, { forgiven: account, counted: all });
}

async function take(ctx: Context, hash: string, most: number): Promise<void> {
  const now = ctx.clock();
  const { count, until } = await countLoginAttempt(ctx.db, hash, { now, until: now + window });
  if (count > most) throw new AppError('too_many_attempts', { detail: 'Wait before the next attempt: not even the right password is looked at before that.', retryAfter: Math.ceil((until - now) / 1000) });
}
