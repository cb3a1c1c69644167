import { inArray, sql, type Column, type SQL } from 'drizzle-orm';
import { batch, type Db } from './db.ts';
import { apiKeys, sessions } from './schema.ts';

/** By id, ms since the epoch. */
export type Uses = ReadonlyMap<string, number>;

/** One batch of two statements, whatever the number. An older time changes nothing. */
export async function noteLastUse(db: Db, { keys, sessions: logins }: { keys: Uses; sessions: Uses }): Promise<void> {
  await batch(db, [
    db.orm.update(apiKeys).set({ lastUsedAt: newest(apiKeys, keys) }).where(inArray(apiKeys.id, [...keys.keys()])),
    db.orm.update(sessions).set({ lastUsedAt: newest(sessions, logins) }).where(inArray(sessions.id, [...logins.keys()])),
  ]);
}

function newest({ id, lastUsedAt }: Record<'id' | 'lastUsedAt', Column>, uses: Uses): SQL {
  const list = JSON.stringify(Object.fromEntries(uses));
  return sql`max(coalesce(${lastUsedAt}, 0), (select value from json_each(${list}) where key = ${id}))`;
}
