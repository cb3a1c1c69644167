import { and, asc, desc, eq, gt, inArray, like, lt, lte, not, or, sql, type SQL } from 'drizzle-orm';
import type { ErrorCode } from '../../shared/errors.ts';
import type { DeployStrategy } from '../../shared/protocol/spec.ts';
import type { DeploymentPhase, DeploymentStatus } from '../../shared/status.ts';
import type { Db, Statement } from './db.ts';
import { deployments, type AppRow, type DeploymentRow } from './schema.ts';

/** Of a deployment that was given up: no executor says so of itself. */
export const givenUpCode = 'executor_lost' satisfies ErrorCode;

/** Nothing of an app that is being deleted is started or delivered. */
const staysThere = sql`not exists (select 1 from removals where removals.app_id = deployments.app_id)`;

export function insertDeployment({ orm }: Db, row: DeploymentRow): Statement & PromiseLike<unknown> {
  return orm.insert(deployments).values(row);
}

export async function findDeployment({ orm }: Db, id: string): Promise<DeploymentRow | undefined> {
  return orm.select().from(deployments).where(eq(deployments.id, id)).get();
}

/** Newest first. */
export async function listDeployments({ orm }: Db, appId: string, page: { before: string | undefined; limit: number }): Promise<DeploymentRow[]> {
  return orm
    .select()
    .from(deployments)
    .where(and(eq(deployments.appId, appId), page.before === undefined ? undefined : lt(deployments.id, page.before)))
    .orderBy(desc(deployments.id))
    .limit(page.limit);
}

/** The one whose id ends so. */
export async function findDeploymentByTail({ orm }: Db, appId: string, tail: string): Promise<DeploymentRow | undefined> {
  return orm.select().from(deployments).where(and(eq(deployments.appId, appId), like(deployments.id, `%${tail}`))).get();
}

/** Of an app on its server, newest first: the first is the current one. */
export async function listSucceeded({ orm }: Db, app: Pick<AppRow, 'id' | 'serverId'>, limit: number): Promise<DeploymentRow[]> {
  return orm
    .select()
    .from(deployments)
    .where(and(eq(deployments.appId, app.id), eq(deployments.status, 'succeeded'), eq(deployments.serverId, app.serverId ?? '')))
    .orderBy(desc(deployments.finishedAt), desc(deployments.id))
    .limit(limit);
}

export async function listOpenDeployments({ orm }: Db, serverId: string): Promise<DeploymentRow[]> {
  return orm
    .select()
    .from(deployments)
    .where(and(inArray(deployments.status, ['queued', 'running']), eq(deployments.serverId, serverId), staysThere))
    .orderBy(...inTurn);
}

/** Running for a while without a word from the executor: perhaps it was never told. */
export async function listUnacknowledged({ orm }: Db, startedBefore: number): Promise<DeploymentRow[]> {
  return orm
    .select()
    .from(deployments)
    .where(and(eq(deployments.status, 'running'), eq(deployments.phase, 'queued'), lte(deployments.startedAt, startedBefore), staysThere));
}

/** Where something has waited for a while: apps with a deployment in the queue, once each, and the server it is for. */
export async function listWaiting({ orm }: Db, createdBefore: number): Promise<Pick<DeploymentRow, 'appId' | 'serverId'>[]> {
  return orm
    .selectDistinct({ appId: deployments.appId, serverId: deployments.serverId })
    .from(deployments)
    .where(and(eq(deployments.status, 'queued'), lte(deployments.createdAt, createdBefore), staysThere));
}

/** First come, first served. An id alone does not tell: that of an upload is given out before its body comes. */
const inTurn = [asc(deployments.createdAt), asc(deployments.id)];

/** How many of the app's queued deployments come before or are this one: 1 is next. */
export async function queuePosition({ orm }: Db, { appId, createdAt, id }: DeploymentRow): Promise<number> {
  const isBefore = or(lt(deployments.createdAt, createdAt), and(eq(deployments.createdAt, createdAt), lte(deployments.id, id)));
  const row = await orm
    .select({ count: sql<number>`count(*)` })
    .from(deployments)
    .where(and(eq(deployments.appId, appId), eq(deployments.status, 'queued'), isBefore))
    .get();
  return row?.count ?? 0;
}

/** Takes the app's oldest queued deployment, if none runs and the app is not being deleted. Compare-and-set: of two racing callers one gets it (REL-20). */
export async function claimNextDeployment({ orm }: Db, appId: string, now: number): Promise<DeploymentRow | undefined> {
  const oldest = orm
    .select({ id: deployments.id })
    .from(deployments)
    .where(and(eq(deployments.appId, appId), eq(deployments.status, 'queued'), gt(deployments.expiresAt, now)))
    .orderBy(...inTurn)
    .limit(1);
  return orm
    .update(deployments)
    .set({ status: 'running', startedAt: now })
    .where(
      and(
        eq(deployments.id, oldest),
        sql`not exists (select 1 from deployments as other where other.app_id = ${appId} and other.status = 'running')`,
        staysThere,
      ),
    )
    .returning()
    .get();
}

/** The settings may have changed while it was queued. */
export async function noteStrategy({ orm }: Db, id: string, strategy: DeployStrategy): Promise<void> {
  await orm.update(deployments).set({ strategy }).where(eq(deployments.id, id));
}

export async function advanceDeployment({ orm }: Db, id: string, serverId: string, progress: { phase: DeploymentPhase; imageId: string | null; at: number }): Promise<boolean> {
  const { rowsAffected } = await orm
    .update(deployments)
    .set({ phase: progress.phase, observedAt: progress.at, ...(progress.imageId !== null && { imageId: progress.imageId }) })
    .where(and(eq(deployments.id, id), eq(deployments.serverId, serverId), eq(deployments.status, 'running'), lt(deployments.observedAt, progress.at)));
  return rowsAffected > 0;
}

interface Ending {
  status: Extract<DeploymentStatus, 'succeeded' | 'failed' | 'cancelled'>;
  phase: DeploymentPhase;
  failure: DeploymentRow['failure'];
  imageId?: string | null;
  now: number;
}

/** Ends a deployment once: changes nothing when it had ended before. `from` narrows it to one state, for a compare-and-set. */
export function finishDeployment({ orm }: Db, id: string, ending: Ending, from: DeploymentStatus[] = ['queued', 'running']): Statement {
  return endWhere(orm, ending, and(eq(deployments.id, id), inArray(deployments.status, from)));
}

/** Changes a deployment that was given up because its executor had not told how it ended: now it has. */
export function correctDeployment({ orm }: Db, id: string, ending: Ending): Statement {
  return endWhere(orm, ending, and(eq(deployments.id, id), eq(deployments.status, 'failed'), eq(sql`json_extract(${deployments.failure}, '$.code')`, givenUpCode)));
}

/** Whose failure is that nothing was heard of it. */
export function isGivenUp({ status, failure }: DeploymentRow): boolean {
  return status === 'failed' && failure?.code === givenUpCode;
}

function endWhere(orm: Db['orm'], { now, imageId, ...changes }: Ending, where: SQL | undefined): Statement {
  return orm
    .update(deployments)
    .set({ ...changes, finishedAt: now, ...(imageId != null && { imageId }) })
    .where(where);
}

/** What waits for its turn or its host, and was not started by `now`; also where it was claimed, and its executor has never heard of it. */
export async function listExpired({ orm }: Db, now: number): Promise<DeploymentRow[]> {
  return orm
    .select()
    .from(deployments)
    .where(and(or(eq(deployments.status, 'queued'), undelivered), lte(deployments.expiresAt, now)));
}

/** What its executor has taken over, and not told the end of. */
export async function listUnended({ orm }: Db, startedBefore: number): Promise<DeploymentRow[]> {
  return orm
    .select()
    .from(deployments)
    .where(and(eq(deployments.status, 'running'), not(undelivered), lte(deployments.startedAt, startedBefore)));
}

/** Handed over, as far as is known here, and its executor has not said a word about it. */
export function isUndelivered({ status, phase, observedAt }: DeploymentRow): boolean {
  return status === 'running' && phase === 'queued' && observedAt === 0;
}

const undelivered = sql`(${deployments.status} = 'running' and ${deployments.phase} = 'queued' and ${deployments.observedAt} = 0)`;
