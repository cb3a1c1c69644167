import { eq, lte, sql } from 'drizzle-orm';
import { batch, type Db } from './db.ts';
import { tickets, type TicketRow } from './schema.ts';

/** The expired ones go on the way. False when the user has `most` that are not used yet. */
export async function insertTicket(db: Db, row: TicketRow, { now, most }: { now: number; most: number }): Promise<boolean> {
  const { hash, userId, via, sessionId, keyId, appId, action, cmd, expiresAt } = row;
  const [, inserted = 0] = await batch(db, [
    db.orm.delete(tickets).where(lte(tickets.expiresAt, now)),
    db.orm
      .insert(tickets)
      .select(sql`select ${hash}, ${userId}, ${via}, ${sessionId}, ${keyId}, ${appId}, ${action}, ${cmd === null ? null : JSON.stringify(cmd)}, ${expiresAt} where (select count(*) from ${tickets} where ${tickets.userId} = ${userId}) < ${most}`),
  ]);
  return inserted > 0;
}

/** Taken out by the one that uses it: of two at the same time only one gets it. */
export async function takeTicket({ orm }: Db, hash: string): Promise<TicketRow | undefined> {
  return orm.delete(tickets).where(eq(tickets.hash, hash)).returning().get();
}
