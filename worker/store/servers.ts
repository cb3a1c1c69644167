import { and, asc, count, eq, gt, inArray, lt, ne, notInArray, or, sql } from 'drizzle-orm';
import type { DiskState } from '../../shared/protocol/events.ts';
import type { ServerStatus } from '../../shared/status.ts';
import type { Db } from './db.ts';
import { apps, servers, type ServerRow } from './schema.ts';

const connected: ServerStatus[] = ['online', 'degraded'];

export async function insertServer({ orm }: Db, row: ServerRow): Promise<void> {
  await orm.insert(servers).values(row);
}

export async function findServer({ orm }: Db, id: string): Promise<ServerRow | undefined> {
  return orm.select().from(servers).where(eq(servers.id, id)).get();
}

/** Where an app goes that names no server: the oldest one that is online, else the oldest that has enrolled. */
export async function findDefaultServer({ orm }: Db): Promise<ServerRow | undefined> {
  return orm
    .select()
    .from(servers)
    .where(notInArray(servers.status, ['pending', 'revoked']))
    .orderBy(sql`${servers.status} <> 'online'`, asc(servers.id))
    .limit(1)
    .get();
}

export async function listServers({ orm }: Db, page: { after: string; limit: number }): Promise<ServerRow[]> {
  return orm.select().from(servers).where(gt(servers.id, page.after)).orderBy(asc(servers.id)).limit(page.limit);
}

export async function countServers({ orm }: Db): Promise<{ online: number; total: number }> {
  const rows = await orm.select({ status: servers.status, count: count() }).from(servers).where(ne(servers.status, 'revoked')).groupBy(servers.status);
  const total = rows.reduce((sum, row) => sum + row.count, 0);
  return { online: rows.find((row) => row.status === 'online')?.count ?? 0, total };
}

/** Uses the enrolment token up: only one of two racing callers gets the row. */
export async function enrolServer({ orm }: Db, enrolmentHash: string, publicKey: string, now: number): Promise<ServerRow | undefined> {
  return orm
    .update(servers)
    .set({ publicKey, enrolmentHash: null, enrolmentExpiresAt: null, status: 'offline', statusReason: 'enrolled, not connected yet', statusSince: now })
    .where(and(eq(servers.enrolmentHash, enrolmentHash), gt(servers.enrolmentExpiresAt, now), eq(servers.status, 'pending')))
    .returning()
    .get();
}

/** The epoch of a new connection: newer than every one before (REL-04). Undefined when the server is gone or revoked. */
export async function raiseEpoch({ orm }: Db, id: string, now: number): Promise<number | undefined> {
  const row = await orm
    .update(servers)
    .set({ epoch: sql`max(${servers.epoch} + 1, ${now})` })
    .where(and(eq(servers.id, id), ne(servers.status, 'revoked')))
    .returning({ epoch: servers.epoch })
    .get();
  return row?.epoch;
}

type Observed = Partial<Omit<ServerRow, 'statusSince'>> & Pick<ServerRow, 'status'>;

/** Facts of one connection; ignored when a newer connection has been accepted since, or the server was revoked. */
export async function updateConnectedServer({ orm }: Db, id: string, epoch: number, observed: Observed, now: number): Promise<boolean> {
  const { rowsAffected } = await orm
    .update(servers)
    .set({ ...observed, statusSince: sql`case when ${servers.status} = ${observed.status} then ${servers.statusSince} else ${now} end` })
    .where(and(eq(servers.id, id), eq(servers.epoch, epoch), ne(servers.status, 'revoked')));
  return rowsAffected > 0;
}

interface StateChange {
  id: string;
  epoch: number;
  status: ServerStatus;
  reason: string | null;
  since: number;
}

/** A transition of the connection with that epoch: written once, whoever notices it. What is known already, and what a newer connection has overtaken, changes nothing. */
export async function noteServerState({ orm }: Db, { id, epoch, status, reason, since }: StateChange): Promise<void> {
  const isNews = or(ne(servers.status, status), and(ne(servers.status, 'offline'), sql`${servers.statusReason} is not ${reason}`));
  await orm
    .update(servers)
    .set({ status, statusReason: reason, statusSince: sql`case when ${servers.status} = ${status} then ${servers.statusSince} else ${since} end` })
    .where(and(eq(servers.id, id), eq(servers.epoch, epoch), ne(servers.status, 'revoked'), isNews));
}

/** Those that count as connected, in the order of their ids. */
export async function listConnectedServers({ orm }: Db): Promise<Pick<ServerRow, 'id' | 'epoch'>[]> {
  return orm.select({ id: servers.id, epoch: servers.epoch }).from(servers).where(inArray(servers.status, connected)).orderBy(asc(servers.id));
}

/** As its executor tells on the connection with that epoch. */
export async function noteDisks({ orm }: Db, id: string, epoch: number, disks: DiskState[]): Promise<void> {
  await orm.update(servers).set({ disks }).where(and(eq(servers.id, id), eq(servers.epoch, epoch)));
}

export async function updateServer({ orm }: Db, id: string, changes: Partial<ServerRow>): Promise<ServerRow | undefined> {
  return orm.update(servers).set(changes).where(eq(servers.id, id)).returning().get();
}

/** At the start of the embedded host no executor is connected yet, whatever the last run wrote. */
export async function markServersOffline({ orm }: Db, now: number): Promise<void> {
  await orm
    .update(servers)
    .set({ status: 'offline', statusReason: 'the control plane restarted', statusSince: now })
    .where(and(inArray(servers.status, connected), lt(servers.statusSince, now)));
}

export async function hasAppsOn({ orm }: Db, serverId: string): Promise<boolean> {
  return (await orm.select({ one: sql`1` }).from(apps).where(eq(apps.serverId, serverId)).limit(1).get()) !== undefined;
}

export async function deleteServer({ orm }: Db, id: string): Promise<void> {
  await orm.delete(servers).where(eq(servers.id, id));
}
