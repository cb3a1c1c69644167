import { eq, lte } from 'drizzle-orm';
import { batch, type Db } from './db.ts';
import { tickets, type TicketRow } from './schema.ts';

/** The expired ones go on the way. */
export async function insertTicket(db: Db, row: TicketRow, now: number): Promise<void> {
  await batch(db, [db.orm.delete(tickets).where(lte(tickets.expiresAt, now)), db.orm.insert(tickets).values(row)]);
}

/** Taken out by the one that uses it: of two at the same time only one gets it. */
export async function takeTicket({ orm }: Db, hash: string): Promise<TicketRow | undefined> {
  return orm.delete(tickets).where(eq(tickets.hash, hash)).returning().get();
}
