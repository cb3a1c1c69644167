/** Apps that are being deleted: each until its host has been told. While one is listed, nothing of it is deployed any more. */
import { and, eq, exists, inArray, sql } from 'drizzle-orm';
import type { DeploymentFailure } from '../../shared/protocol/events.ts';
import { batch, type Db } from './db.ts';
import { apps, deployments, removals, servers } from './schema.ts';

export interface Removal {
  appId: string;
  serverId: string;
  /** Volumes to delete with it, by name. */
  volumes: string[];
}

const toldToGo: DeploymentFailure = { code: 'app_deleted', message: 'The app was deleted before its turn.', phase: 'queued', exit_code: null, oom_killed: false, last_probe: null, logs: [] };

/** Notes the removal and ends what waits in the app's queue, all at once: the end of the running deployment finds nothing to start. */
export async function beginRemoval(db: Db, removal: Removal, now: number): Promise<void> {
  await batch(db, [
    noteRemoval(db, removal, now),
    db.orm
      .update(deployments)
      .set({ status: 'cancelled', failure: toldToGo, finishedAt: now })
      .where(and(eq(deployments.appId, removal.appId), eq(deployments.status, 'queued'))),
  ]);
}

/** The app stays after all. Does nothing where it is gone: then its host still has to be told. */
export async function dropRemoval({ orm }: Db, appId: string): Promise<void> {
  await orm.delete(removals).where(and(eq(removals.appId, appId), exists(orm.select({ one: sql`1` }).from(apps).where(eq(apps.id, appId)))));
}

/** The host has taken the app away: nothing of it is left here either. */
export async function finishRemoval(db: Db, appId: string): Promise<void> {
  await batch(db, [db.orm.delete(apps).where(eq(apps.id, appId)), db.orm.delete(removals).where(eq(removals.appId, appId))]);
}

/** Deletes the app and, in the same breath, notes that its host still has to be told. */
export async function deleteAppLater(db: Db, removal: Removal, now: number): Promise<void> {
  await batch(db, [noteRemoval(db, removal, now), db.orm.delete(apps).where(eq(apps.id, removal.appId))]);
}

function noteRemoval({ orm }: Db, { appId, serverId, volumes }: Removal, now: number) {
  return orm.insert(removals).values({ appId, serverId, volumes, createdAt: now }).onConflictDoNothing();
}

export async function listRemovals({ orm }: Db, serverId: string): Promise<Removal[]> {
  return orm.select({ appId: removals.appId, serverId: removals.serverId, volumes: removals.volumes }).from(removals).where(eq(removals.serverId, serverId));
}

/** Of every server that is connected. */
export async function listDueRemovals({ orm }: Db): Promise<Removal[]> {
  return orm
    .select({ appId: removals.appId, serverId: removals.serverId, volumes: removals.volumes })
    .from(removals)
    .innerJoin(servers, eq(servers.id, removals.serverId))
    .where(inArray(servers.status, ['online', 'degraded']));
}
