/** Deleting apps: off their host first, then out of the database. */
import { describeError } from '../log.ts';
import { deleteApp, type AppView } from '../store/apps.ts';
import { beginRemoval, deleteAppLater, dropRemoval, finishRemoval, type Removal } from '../store/removals.ts';
import type { Context } from './context.ts';
import { startNextDeployment } from './deployments.ts';
import { announceEnd } from './events.ts';
import { offlineError } from './presence.ts';
import { requireAllNamed } from './volumes.ts';

interface RemovalRequest {
  /** A host that is away is told when it returns. */
  isQueued: boolean;
  /** Volumes to delete with it: all it has, or nothing is deleted. */
  volumes: string[];
}

/**
 * Takes the app off its host first, then out of the database: what fails leaves it as it was but for its queue, and asking again is safe.
 * Answers whether it is gone already. @throws AppError app_has_volumes, executor_offline …
 */
export async function removeApp(ctx: Context, app: AppView, { isQueued, volumes }: RemovalRequest): Promise<{ isGone: boolean }> {
  const { serverId } = app;
  if (serverId === null || app.serverStatus === 'revoked') {
    await deleteApp(ctx.db, app.id);
    return { isGone: true };
  }
  const removal = { appId: app.id, serverId, volumes };
  const { isConnected } = await ctx.executors.presence(serverId);
  if (isConnected || isQueued) await requireAllNamed(ctx, app, volumes, isConnected);
  if (!isConnected && isQueued) {
    await deleteAppLater(ctx.db, removal, ctx.clock());
    await announceEnd(ctx, serverId, app.id);
    return { isGone: false };
  }
  if (!isConnected) throw await offlineError(ctx, serverId, ' Add ?queue=true to delete it now.');
  await beginRemoval(ctx.db, removal, ctx.clock());
  try {
    await carryOut(ctx, removal);
  } catch (error) {
    await dropRemoval(ctx.db, app.id);
    await startNextDeployment(ctx, app.id, serverId);
    throw error;
  }
  return { isGone: true };
}

/** Removals that this process waits for: with a long stop_timeout one takes an hour, and is not asked for again every minute. */
const underWay = new Set<string>();

/** Tells hosts of apps that were deleted here while they were away, or whose removal was cut short. What fails is tried again by the next sweep. */
export async function retryRemovals(ctx: Context, removals: Removal[]): Promise<void> {
  const waiting = removals.filter(({ appId }) => !underWay.has(appId));
  await Promise.all(
    waiting.map((removal) =>
      carryOut(ctx, removal).catch((error: unknown) => ctx.log.error('remove app from returned host', { server: removal.serverId, app: removal.appId, cause: describeError(error) })),
    ),
  );
}

async function carryOut(ctx: Context, { appId, serverId, volumes }: Removal): Promise<void> {
  underWay.add(appId);
  try {
    await ctx.executors.call(serverId, 'remove_app', { app: appId, volumes });
    await finishRemoval(ctx.db, appId);
    await announceEnd(ctx, serverId, appId);
  } finally {
    underWay.delete(appId);
  }
}
