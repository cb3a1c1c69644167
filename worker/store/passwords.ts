import { and, eq, exists, ne } from 'drizzle-orm';
import { batch, type Db } from './db.ts';
import { sessions, users, type UserRow } from './schema.ts';

interface Change {
  user: UserRow;
  newHash: string;
  /** The session that goes on. */
  sessionId: string;
}

/** Compare-and-set, and every other session of the user ends with it. False when the password is no longer the one of `user`: nothing happens then. */
export async function replacePassword(db: Db, { user, newHash, sessionId }: Change): Promise<boolean> {
  const { orm } = db;
  const isReplaced = orm.select({ id: users.id }).from(users).where(and(eq(users.id, user.id), eq(users.passwordHash, newHash)));
  const [replaced = 0] = await batch(db, [
    orm.update(users).set({ passwordHash: newHash }).where(and(eq(users.id, user.id), eq(users.passwordHash, user.passwordHash))),
    orm.delete(sessions).where(and(eq(sessions.userId, user.id), ne(sessions.id, sessionId), exists(isReplaced))),
  ]);
  return replaced > 0;
}
