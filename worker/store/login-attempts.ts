import { eq, inArray, lte, sql } from 'drizzle-orm';
import { batch, type Db } from './db.ts';
import { loginAttempts, type LoginAttemptRow } from './schema.ts';

/** Counts one more, in a new window where the last one is over: in one statement, so that none of those that come at once is missed. */
export async function countLoginAttempt(db: Db, hash: string, { now, until }: { now: number; until: number }): Promise<LoginAttemptRow> {
  const isOver = sql`${loginAttempts.until} <= ${now}`;
  return db.orm
    .insert(loginAttempts)
    .values({ hash, count: 1, until })
    .onConflictDoUpdate({
      target: loginAttempts.hash,
      set: { count: sql`case when ${isOver} then 1 else ${loginAttempts.count} + 1 end`, until: sql`case when ${isOver} then excluded.until else ${loginAttempts.until} end` },
    })
    .returning()
    .get();
}

/** Takes one attempt back of `counted`, and all of `forgiven`. */
export async function forgiveLoginAttempt(db: Db, { forgiven, counted }: { forgiven: string; counted: string }): Promise<void> {
  await batch(db, [
    db.orm.delete(loginAttempts).where(eq(loginAttempts.hash, forgiven)),
    db.orm.update(loginAttempts).set({ count: sql`${loginAttempts.count} - 1` }).where(eq(loginAttempts.hash, counted)),
  ]);
}

export async function takeBackLoginAttempt({ orm }: Db, hashes: string[]): Promise<void> {
  await orm.update(loginAttempts).set({ count: sql`${loginAttempts.count} - 1` }).where(inArray(loginAttempts.hash, hashes));
}

export async function deleteLoginAttempts({ orm }: Db, hash: string): Promise<void> {
  await orm.delete(loginAttempts).where(eq(loginAttempts.hash, hash));
}

export async function pruneLoginAttempts({ orm }: Db, now: number): Promise<void> {
  await orm.delete(loginAttempts).where(lte(loginAttempts.until, now));
}
