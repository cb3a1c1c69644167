import { and, asc, count, eq, exists, gt, inArray, ne, notExists, or, sql, type SQL } from 'drizzle-orm';
import { batch, once, type Db } from './db.ts';
import { users, type UserRow } from './schema.ts';
import { sharesOfUser, type Share } from './shares.ts';

export async function insertUser({ orm }: Db, row: UserRow): Promise<void> {
  await orm.insert(users).values(row);
}

export async function findUser({ orm }: Db, id: string): Promise<UserRow | undefined> {
  return orm.select().from(users).where(eq(users.id, id)).get();
}

/** Who calls with a ticket, and what is shared with them. */
export async function findCallerById(db: Db, id: string): Promise<{ user: UserRow; shares: Share[] } | undefined> {
  return callerById(db).get({ id });
}

const callerById = once(({ orm }) => orm.select({ user: users, shares: sharesOfUser }).from(users).where(eq(users.id, sql.placeholder('id'))).prepare());

export async function findUserByEmail({ orm }: Db, email: string): Promise<UserRow | undefined> {
  return orm.select().from(users).where(eq(users.email, email)).get();
}

export async function listUsers({ orm }: Db, page: { after: string; limit: number }): Promise<UserRow[]> {
  return orm.select().from(users).where(gt(users.id, page.after)).orderBy(asc(users.id)).limit(page.limit);
}

const administrators: UserRow['role'][] = ['owner', 'admin'];

export async function countAdministrators({ orm }: Db): Promise<number> {
  const row = await orm.select({ count: count() }).from(users).where(inArray(users.role, administrators)).get();
  return row?.count ?? 0;
}

/** Undefined when there is no such user, or it is the owner, or the last administrator, who stays one. */
export async function updateUser(db: Db, id: string, changes: Partial<Pick<UserRow, 'role' | 'grants'>>): Promise<UserRow | undefined> {
  if (Object.keys(changes).length === 0) return findUser(db, id);
  const mayStep = changes.role === 'member' ? or(ne(users.role, 'admin'), isAnotherLeft(id)) : undefined;
  return db.orm.update(users).set(changes).where(and(eq(users.id, id), ne(users.role, 'owner'), mayStep)).returning().get();
}

function isAnotherLeft(id: string): SQL {
  return sql`exists (select 1 from users as other where other.role in ('owner', 'admin') and other.id <> ${id})`;
}

/** Compare-and-set: of two administrators who delete each other one stays. False when this is the owner, the last one, or nobody. */
export async function deleteUser({ orm }: Db, id: string): Promise<boolean> {
  const { rowsAffected } = await orm.delete(users).where(and(eq(users.id, id), ne(users.role, 'owner'), or(ne(users.role, 'admin'), isAnotherLeft(id))));
  return rowsAffected > 0;
}

/** Both or neither. False when `from` is not the owner, or there is no `to`. */
export async function moveOwnership(db: Db, from: string, to: string): Promise<boolean> {
  const { orm } = db;
  const successor = orm.select({ one: sql`1` }).from(users).where(eq(users.id, to));
  const owner = orm.select({ one: sql`1` }).from(users).where(eq(users.role, 'owner'));
  const [, gained = 0] = await batch(db, [
    orm.update(users).set({ role: 'admin' }).where(and(eq(users.id, from), eq(users.role, 'owner'), exists(successor))),
    // Whoever was the owner no longer is, unless nothing has happened above.
    orm.update(users).set({ role: 'owner' }).where(and(eq(users.id, to), notExists(owner))),
  ]);
  return gained > 0;
}
