/** Guessing passwords is slow (SEC-22). Counted in the database: a restart forgets nothing, and at the edge all isolates count together. */
import { AppError } from '../../shared/errors.ts';
import { sha256 } from '../auth/bytes.ts';
import { countLoginAttempt, deleteLoginAttempts, forgiveLoginAttempt, takeBackLoginAttempt } from '../store/login-attempts.ts';
import type { Context } from './context.ts';

/** ms, from the first attempt on. */
const window = 60_000;
const windowOfCodes = 3_600_000;

/** Attempts in a window that may fail: of one account from one network, and of all accounts from one network. */
export const perAccount = 5;
export const perNetwork = 30;

/** Codes of a second factor of one user that may be wrong, wherever they come from: who gets as far as that knows the password, and is in reach of a million codes. */
export const perSecondFactor = 10;

interface Attempt {
  /** As it was typed: whether there is such an account makes no difference here. */
  email: string;
  /** Where it comes from. */
  network: string;
}

/** What becomes of an attempt that did not fail. */
interface Counted {
  /** Whoever is in is forgiven what failed before. */
  forgive(): Promise<void>;
  /** It was right as far as it went: as if it had not been, and no more than that. */
  takeBack(): Promise<void>;
}

/**
 * Counts an attempt before anything is looked at, so that those that come at once are counted too. What is refused has verified no password.
 * Only those that failed count.
 * @throws AppError too_many_attempts
 */
export async function countAttempt(ctx: Context, { email, network }: Attempt): Promise<Counted> {
  const account = sha256(JSON.stringify([email.toLowerCase(), network]));
  const all = sha256(JSON.stringify([network]));
  // One after the other: those that are refused for their account do not count for the whole network.
  await take(ctx, account, { most: perAccount, life: window });
  await take(ctx, all, { most: perNetwork, life: window });
  return { forgive: () => forgiveLoginAttempt(ctx.db, { forgiven: account, counted: all }), takeBack: () => takeBackLoginAttempt(ctx.db, [account, all]) };
}

/** The same for a code of the second factor. Answers what to call when it was right. @throws AppError too_many_attempts */
export async function countCode(ctx: Context, userId: string): Promise<() => Promise<void>> {
  const codes = sha256(JSON.stringify(['second factor', userId]));
  await take(ctx, codes, { most: perSecondFactor, life: windowOfCodes });
  return () => deleteLoginAttempts(ctx.db, codes);
}

async function take(ctx: Context, hash: string, { most, life }: { most: number; life: number }): Promise<void> {
  const now = ctx.clock();
  const { count, until } = await countLoginAttempt(ctx.db, hash, { now, until: now + life });
  if (count > most) throw new AppError('too_many_attempts', { detail: 'Wait before the next attempt: not even the right password or code is looked at before that.', retryAfter: Math.ceil((until - now) / 1000) });
}
