import { and, eq, isNotNull, isNull, lt, or, sql } from 'drizzle-orm';
import { batch, type Db, type Statement } from './db.ts';
import { secondFactors, users, type SecondFactorRow } from './schema.ts';

export async function findSecondFactor({ orm }: Db, userId: string): Promise<SecondFactorRow | undefined> {
  return orm.select().from(secondFactors).where(eq(secondFactors.userId, userId)).get();
}

/** In place of another one that does not count yet. False when there is one that does. */
export async function proposeSecondFactor({ orm }: Db, row: { userId: string; sealed: string; createdAt: number }): Promise<boolean> {
  const { rowsAffected } = await orm
    .insert(secondFactors)
    .values(row)
    .onConflictDoUpdate({ target: secondFactors.userId, set: { sealed: row.sealed, createdAt: row.createdAt }, setWhere: isNull(secondFactors.confirmedAt) });
  return rowsAffected > 0;
}

/** Compare-and-set: of two who confirm at the same time one gets recovery codes that work. False when it counts already, or is another one by now. */
export async function confirmSecondFactor(db: Db, proposed: SecondFactorRow, confirmed: { confirmedAt: number; lastStep: number; recoveryHashes: string[] }): Promise<boolean> {
  const { userId, sealed } = proposed;
  const isThis = and(eq(secondFactors.userId, userId), eq(secondFactors.sealed, sealed), isNull(secondFactors.confirmedAt));
  const [changed = 0] = await batch(db, [db.orm.update(secondFactors).set(confirmed).where(isThis), markUser(db, userId)]);
  return changed > 0;
}

/** Whether there was one. One that does not count yet goes as well. */
export async function deleteSecondFactor(db: Db, userId: string): Promise<boolean> {
  const ofUser = eq(secondFactors.userId, userId);
  const [confirmed = 0] = await batch(db, [
    db.orm.delete(secondFactors).where(and(ofUser, isNotNull(secondFactors.confirmedAt))),
    db.orm.delete(secondFactors).where(ofUser),
    markUser(db, userId),
  ]);
  return confirmed > 0;
}

/** In one batch with whatever makes it true. */
function markUser({ orm }: Db, userId: string): Statement {
  return orm
    .update(users)
    .set({ hasSecondFactor: sql`exists (select 1 from ${secondFactors} where ${eq(secondFactors.userId, userId)} and ${isNotNull(secondFactors.confirmedAt)})` })
    .where(eq(users.id, userId));
}

/** SEC-22: of two who bring the same code at the same time one is taken. */
export async function takeStep({ orm }: Db, userId: string, step: number): Promise<boolean> {
  const isNew = or(isNull(secondFactors.lastStep), lt(secondFactors.lastStep, step));
  const { rowsAffected } = await orm.update(secondFactors).set({ lastStep: step }).where(and(isConfirmed(userId), isNew));
  return rowsAffected > 0;
}

/** SEC-22: taken out by the one that uses it. */
export async function takeRecoveryCode({ orm }: Db, userId: string, hash: string): Promise<boolean> {
  const left = sql`json_each(${secondFactors.recoveryHashes})`;
  const { rowsAffected } = await orm
    .update(secondFactors)
    .set({ recoveryHashes: sql`(select json_group_array(value) from ${left} where value <> ${hash})` })
    .where(and(isConfirmed(userId), sql`exists (select 1 from ${left} where value = ${hash})`));
  return rowsAffected > 0;
}

/** False when there is no second factor that they would stand in for. */
export async function replaceRecoveryCodes({ orm }: Db, userId: string, recoveryHashes: string[]): Promise<boolean> {
  const { rowsAffected } = await orm.update(secondFactors).set({ recoveryHashes }).where(isConfirmed(userId));
  return rowsAffected > 0;
}

function isConfirmed(userId: string) {
  return and(eq(secondFactors.userId, userId), isNotNull(secondFactors.confirmedAt));
}
