import { and, asc, eq, gt, lte, ne, sql } from 'drizzle-orm';
import { once, type Db } from './db.ts';
import { sessions, users, type SessionRow, type UserRow } from './schema.ts';
import { sharesOfUser, type Share } from './shares.ts';

/** False when the user is no longer as they were when they proved who they are: of a login and a change of the password at the same time, the change holds. */
export async function insertSession({ orm }: Db, row: SessionRow, { passwordHash, hasSecondFactor }: UserRow): Promise<boolean> {
  const { id, userId, how, userAgent, lastUsedAt, expiresAt, createdAt } = row;
  const isAsBefore = and(eq(users.id, userId), eq(users.passwordHash, passwordHash), eq(users.hasSecondFactor, hasSecondFactor));
  const { rowsAffected } = await orm
    .insert(sessions)
    .select(sql`select ${id}, ${userId}, ${how}, ${userAgent}, ${lastUsedAt}, ${expiresAt}, ${createdAt} from ${users} where ${isAsBefore}`);
  return rowsAffected > 0;
}

/** Whose session it is, and what is shared with them: on the path of every call, so one indexed read. */
export async function findCaller(db: Db, id: string): Promise<{ user: UserRow; shares: Share[] } | undefined> {
  return ownerOfSession(db).get({ id });
}

const ownerOfSession = once(({ orm }) =>
  orm.select({ user: users, shares: sharesOfUser }).from(sessions).innerJoin(users, eq(users.id, sessions.userId)).where(eq(sessions.id, sql.placeholder('id'))).prepare(),
);

export async function listSessions({ orm }: Db, userId: string, { after, limit, now }: { after: string; limit: number; now: number }): Promise<SessionRow[]> {
  return orm
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), gt(sessions.id, after), gt(sessions.expiresAt, now)))
    .orderBy(asc(sessions.id))
    .limit(limit);
}

export async function deleteSession({ orm }: Db, userId: string, id: string): Promise<boolean> {
  const { rowsAffected } = await orm.delete(sessions).where(and(eq(sessions.userId, userId), eq(sessions.id, id)));
  return rowsAffected > 0;
}

export async function deleteOtherSessions({ orm }: Db, userId: string, id: string): Promise<void> {
  await orm.delete(sessions).where(and(eq(sessions.userId, userId), ne(sessions.id, id)));
}

/** Answers whether there were any. */
export async function pruneSessions({ orm }: Db, now: number): Promise<boolean> {
  const { rowsAffected } = await orm.delete(sessions).where(lte(sessions.expiresAt, now));
  return rowsAffected > 0;
}
