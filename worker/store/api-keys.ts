import { and, asc, eq, gt, lte, sql } from 'drizzle-orm';
import { once, type Db } from './db.ts';
import { apiKeys, users, type ApiKeyRow, type UserRow } from './schema.ts';
import { sharesOfUser, type Share } from './shares.ts';

export async function insertApiKey({ orm }: Db, row: ApiKeyRow): Promise<void> {
  await orm.insert(apiKeys).values(row);
}

/** The key that has this SHA-256, whose it is, and what is shared with them: on the path of every call, so one indexed read. */
export async function findKeyByHash(db: Db, hash: string): Promise<{ user: UserRow; shares: Share[]; key: KeyLimits } | undefined> {
  return ownerOfHash(db).get({ hash });
}

export type KeyLimits = Pick<ApiKeyRow, 'id' | 'scopes' | 'reach' | 'expiresAt'>;

const limits = { id: apiKeys.id, scopes: apiKeys.scopes, reach: apiKeys.reach, expiresAt: apiKeys.expiresAt };

const ownerOfHash = once(({ orm }) =>
  orm.select({ user: users, shares: sharesOfUser, key: limits }).from(apiKeys).innerJoin(users, eq(users.id, apiKeys.userId)).where(eq(apiKeys.hash, sql.placeholder('hash'))).prepare(),
);

export async function findApiKey({ orm }: Db, userId: string, id: string): Promise<ApiKeyRow | undefined> {
  return orm.select().from(apiKeys).where(and(eq(apiKeys.userId, userId), eq(apiKeys.id, id))).get();
}

/** Whether one has expired after the one time, up to the other. */
export async function hasKeyExpired({ orm }: Db, { after, now }: { after: number; now: number }): Promise<boolean> {
  return (await orm.select({ one: sql`1` }).from(apiKeys).where(and(gt(apiKeys.expiresAt, after), lte(apiKeys.expiresAt, now))).limit(1).get()) !== undefined;
}

export async function listApiKeys({ orm }: Db, userId: string, page: { after: string; limit: number }): Promise<ApiKeyRow[]> {
  return orm
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.userId, userId), gt(apiKeys.id, page.after)))
    .orderBy(asc(apiKeys.id))
    .limit(page.limit);
}

export async function deleteApiKey({ orm }: Db, userId: string, id: string): Promise<boolean> {
  const { rowsAffected } = await orm.delete(apiKeys).where(and(eq(apiKeys.userId, userId), eq(apiKeys.id, id)));
  return rowsAffected > 0;
}
