import { and, eq, isNull, lte } from 'drizzle-orm';
import type { Db } from './db.ts';
import { idempotencyKeys, type IdempotencyKeyRow } from './schema.ts';

type Owner = Pick<IdempotencyKeyRow, 'userId' | 'keyHash'>;
type Attempt = Owner & Pick<IdempotencyKeyRow, 'attempt'>;

const ofOwner = ({ userId, keyHash }: Owner) => and(eq(idempotencyKeys.userId, userId), eq(idempotencyKeys.keyHash, keyHash));
/** Only while it is still this attempt's to write. */
const ofAttempt = (row: Attempt) => and(ofOwner(row), eq(idempotencyKeys.attempt, row.attempt), isNull(idempotencyKeys.reply));

/** Of two at the same time one gets it. */
export async function insertKey({ orm }: Db, row: IdempotencyKeyRow): Promise<boolean> {
  const { rowsAffected } = await orm.insert(idempotencyKeys).values(row).onConflictDoNothing();
  return rowsAffected > 0;
}

export async function findKey({ orm }: Db, owner: Owner): Promise<IdempotencyKeyRow | undefined> {
  return orm.select().from(idempotencyKeys).where(ofOwner(owner)).get();
}

/** Compare-and-set: false when `known` is no longer what is there. */
export async function takeKey({ orm }: Db, known: IdempotencyKeyRow, next: IdempotencyKeyRow): Promise<boolean> {
  const isUnchanged = and(ofOwner(known), eq(idempotencyKeys.attempt, known.attempt), eq(idempotencyKeys.leaseUntil, known.leaseUntil), known.reply === null ? isNull(idempotencyKeys.reply) : undefined);
  const { rowsAffected } = await orm.update(idempotencyKeys).set(next).where(isUnchanged);
  return rowsAffected > 0;
}

export async function extendLease({ orm }: Db, attempt: Attempt, leaseUntil: number): Promise<void> {
  await orm.update(idempotencyKeys).set({ leaseUntil }).where(ofAttempt(attempt));
}

export async function writeReply({ orm }: Db, attempt: Attempt, reply: string): Promise<void> {
  await orm.update(idempotencyKeys).set({ reply }).where(ofAttempt(attempt));
}

export async function dropKey({ orm }: Db, attempt: Attempt): Promise<void> {
  await orm.delete(idempotencyKeys).where(ofAttempt(attempt));
}

/** Whoever worked on them is gone: a process that starts, and is the only one, knows that. */
export async function endLeases({ orm }: Db): Promise<void> {
  await orm.update(idempotencyKeys).set({ leaseUntil: 0 }).where(isNull(idempotencyKeys.reply));
}

/** But for those that are still being worked on. */
export async function pruneKeys({ orm }: Db, { madeBefore, now }: { madeBefore: number; now: number }): Promise<void> {
  await orm.delete(idempotencyKeys).where(and(lte(idempotencyKeys.createdAt, madeBefore), lte(idempotencyKeys.leaseUntil, now)));
}
