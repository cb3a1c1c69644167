import { and, desc, eq, lt, sql, type SQL } from 'drizzle-orm';
import { batch, type Db, type Statement } from './db.ts';
import { events, type EventRow } from './schema.ts';

/** Answers the server of the app; null when it is placed nowhere. Does nothing when the app has been deleted meanwhile. */
export async function insertEvent(db: Db, row: EventRow): Promise<{ serverId: string | null }> {
  const [written] = await insertion(db, row, sql`true`).returning({ serverId: sql<string | null>`(select server_id from apps where apps.id = ${row.appId})` });
  return written ?? { serverId: null };
}

/** As part of a batch, where the statement before it has changed something. */
export function insertEventOfChange(db: Db, row: EventRow): Statement {
  return insertion(db, row, sql`changes() > 0`);
}

function insertion({ orm }: Db, row: EventRow, condition: SQL) {
  return orm
    .insert(events)
    .select(
      sql`select ${row.id}, ${row.appId}, ${row.type}, ${row.actor}, ${row.message}, ${JSON.stringify(row.data)}, ${row.createdAt} where ${condition} and exists (select 1 from apps where id = ${row.appId})`,
    );
}

interface EventFilter {
  before: string | undefined;
  /** What the type begins with. */
  type: string | undefined;
  limit: number;
}

/** Newest first. */
export async function listEvents({ orm }: Db, appId: string, { before, type, limit }: EventFilter): Promise<EventRow[]> {
  return orm
    .select()
    .from(events)
    .where(
      and(
        eq(events.appId, appId),
        before === undefined ? undefined : lt(events.id, before),
        type === undefined ? undefined : sql`substr(${events.type}, 1, ${type.length}) = ${type}`,
      ),
    )
    .orderBy(desc(events.id))
    .limit(limit);
}

/** The one that was written last. */
export async function findNewestEvent({ orm }: Db, appId: string): Promise<EventRow | undefined> {
  return orm.select().from(events).where(eq(events.appId, appId)).orderBy(sql`rowid desc`).limit(1).get();
}

/**
 * What was written after `after`, in the order of writing. Ids are made before they are written, by several processes: one with an
 * older id can appear after a newer one, and going by ids would miss it. `rowid` is the order in which SQLite took them.
 * @param floor no event that is wanted has a smaller id: keeps the search short
 */
export async function listEventsAfter({ orm }: Db, appId: string, { after, floor, limit }: { after: string; floor: string; limit: number }): Promise<EventRow[]> {
  const seen = sql`(select seen.rowid from events as seen where seen.id = ${after})`;
  return orm
    .select()
    .from(events)
    .where(sql`${events.appId} = ${appId} and ${events.id} > ${floor} and (${events}.rowid > ${seen} or (${seen} is null and ${events.id} > ${after}))`)
    .orderBy(sql`${events}.rowid`)
    .limit(limit);
}

/** Everything before the id `oldest`, and of every app all but the newest. Reads all events: not for every minute. */
export async function pruneEvents(db: Db, { oldest, perApp }: { oldest: string; perApp: number }): Promise<void> {
  const numbered = sql`(select id, row_number() over (partition by app_id order by id desc) as number from events)`;
  await batch(db, [
    db.orm.delete(events).where(lt(events.id, oldest)),
    db.orm.delete(events).where(sql`${events.id} in (select id from ${numbered} where number > ${perApp})`),
  ]);
}
