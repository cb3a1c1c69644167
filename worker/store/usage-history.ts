/** What apps used, minute by minute: one row per server and minute, which holds all its apps. */
import { and, asc, eq, gte, lt, sql } from 'drizzle-orm';
import type { MinuteUsage } from '../../shared/protocol/usage.ts';
import { once, type Db } from './db.ts';
import { usageHistory } from './schema.ts';

/** The same minute again replaces what was there. */
export async function putUsage({ orm }: Db, serverId: string, minute: number, apps: MinuteUsage[]): Promise<void> {
  await orm
    .insert(usageHistory)
    .values({ serverId, minute, apps })
    .onConflictDoUpdate({ target: [usageHistory.serverId, usageHistory.minute], set: { apps } });
}

/** Of one app from a minute on, oldest first. The database picks the app out of its row, so that the others' minutes stay where they are. */
export async function readUsage(db: Db, serverId: string, appId: string, since: number): Promise<{ minute: number; usage: MinuteUsage }[]> {
  const rows = await usageOfApp(db).all({ serverId, appId, since });
  return rows.map(({ minute, usage }) => ({ minute, usage: JSON.parse(usage) as MinuteUsage }));
}

const usageOfApp = once(({ orm }) =>
  orm
    .select({ minute: usageHistory.minute, usage: sql<string>`entry.value` })
    .from(usageHistory)
    .innerJoin(sql`json_each(${usageHistory.apps}) as entry`, sql`json_extract(entry.value, '$.app') = ${sql.placeholder('appId')}`)
    .where(and(eq(usageHistory.serverId, sql.placeholder('serverId')), gte(usageHistory.minute, sql.placeholder('since'))))
    .orderBy(asc(usageHistory.minute))
    .prepare(),
);

export async function dropUsage({ orm }: Db, serverId: string): Promise<void> {
  await orm.delete(usageHistory).where(eq(usageHistory.serverId, serverId));
}

/** Of all servers, also of those that are gone. */
export async function pruneUsage({ orm }: Db, before: number): Promise<void> {
  await orm.delete(usageHistory).where(lt(usageHistory.minute, before));
}
