import { and, desc, eq, lt, ne, sql } from 'drizzle-orm';
import type { AppStatus } from '../../shared/status.ts';
import type { Db, Statement } from './db.ts';
import { apps, deployments, type DeploymentRow } from './schema.ts';

export async function listStatuses({ orm }: Db, serverId: string): Promise<{ id: string; status: AppStatus }[]> {
  return orm.select({ id: apps.id, status: apps.status }).from(apps).where(eq(apps.serverId, serverId));
}

export interface KnownStatus {
  status: AppStatus;
  reason: string | null;
  serverId: string | null;
}

export async function findStatus({ orm }: Db, appId: string): Promise<KnownStatus | undefined> {
  return orm.select({ status: apps.status, reason: apps.statusReason, serverId: apps.serverId }).from(apps).where(eq(apps.id, appId)).get();
}

interface Observation {
  appId: string;
  serverId: string;
  status: AppStatus;
  reason: string | null;
  at: number;
  now: number;
}

/** A transition, which changes nothing when the app is not on that server (SEC-17), already has the status, or something newer is known (REL-21). */
export function observeStatus({ orm }: Db, { appId, serverId, status, reason, at, now }: Observation): Statement {
  return orm
    .update(apps)
    .set({ status, statusReason: reason, statusSince: now, observedAt: at })
    .where(and(eq(apps.id, appId), eq(apps.serverId, serverId), lt(apps.observedAt, at), ne(apps.status, status)));
}

const neverSucceeded = (appId: string) => sql`not exists (select 1 from deployments as other where other.app_id = ${appId} and other.status = 'succeeded')`;

/** The newest deployment of an app that no deployment has brought up yet. */
export async function findFailedStart({ orm }: Db, appId: string): Promise<Pick<DeploymentRow, 'status' | 'failure'> | undefined> {
  return orm
    .select({ status: deployments.status, failure: deployments.failure })
    .from(deployments)
    .where(and(eq(deployments.appId, appId), neverSucceeded(appId)))
    .orderBy(desc(deployments.id))
    .limit(1)
    .get();
}

/** Gives the reason of a stop that was told before its reason was known; only of an app that no deployment has brought up. */
export async function explainFailedStart({ orm }: Db, appId: string, reason: string): Promise<void> {
  await orm
    .update(apps)
    .set({ statusReason: reason })
    .where(and(eq(apps.id, appId), eq(apps.status, 'stopped'), neverSucceeded(appId)));
}
