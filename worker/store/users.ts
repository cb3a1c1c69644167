import { and, asc, count, eq, gt, ne, or, sql, type SQL } from 'drizzle-orm';
import type { Db } from './db.ts';
import { users, type UserRow } from './schema.ts';

export async function insertUser({ orm }: Db, row: UserRow): Promise<void> {
  await orm.insert(users).values(row);
}

export async function findUser({ orm }: Db, id: string): Promise<UserRow | undefined> {
  return orm.select().from(users).where(eq(users.id, id)).get();
}

export async function findUserByEmail({ orm }: Db, email: string): Promise<UserRow | undefined> {
  return orm.select().from(users).where(eq(users.email, email)).get();
}

export async function listUsers({ orm }: Db, page: { after: string; limit: number }): Promise<UserRow[]> {
  return orm.select().from(users).where(gt(users.id, page.after)).orderBy(asc(users.id)).limit(page.limit);
}

export async function countAdministrators({ orm }: Db): Promise<number> {
  const row = await orm.select({ count: count() }).from(users).where(eq(users.role, 'admin')).get();
  return row?.count ?? 0;
}

/** Undefined when there is no such user, or it is the last administrator, who stays one. */
export async function updateUser(db: Db, id: string, changes: Partial<Pick<UserRow, 'role' | 'grants'>>): Promise<UserRow | undefined> {
  if (Object.keys(changes).length === 0) return findUser(db, id);
  const mayStep = changes.role === 'member' ? or(ne(users.role, 'admin'), isAnotherLeft(id)) : undefined;
  return db.orm.update(users).set(changes).where(and(eq(users.id, id), mayStep)).returning().get();
}

function isAnotherLeft(id: string): SQL {
  return sql`exists (select 1 from users as other where other.role = 'admin' and other.id <> ${id})`;
}

/** Compare-and-set: of two administrators who delete each other one stays. False when this is the last one, or nobody. */
export async function deleteUser({ orm }: Db, id: string): Promise<boolean> {
  const { rowsAffected } = await orm.delete(users).where(and(eq(users.id, id), or(ne(users.role, 'admin'), isAnotherLeft(id))));
  return rowsAffected > 0;
}
