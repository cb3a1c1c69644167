/** CPU and memory limits: changed on the running container first, then written, so that a limit the host refuses changes nothing. */
import type { AppSettings } from '../../shared/api/apps.ts';
import { AppError } from '../../shared/errors.ts';
import { keptImage } from '../../shared/names.ts';
import { describeError } from '../log.ts';
import { findAppById, type AppView } from '../store/apps.ts';
import { listSucceeded } from '../store/deployments.ts';
import type { DeploymentRow } from '../store/schema.ts';
import type { Actor } from './actor.ts';
import type { Context } from './context.ts';
import { requestDeployment } from './deployments.ts';
import { recordEvent } from './events.ts';
import { requireConnected } from './presence.ts';

type Limits = Pick<AppSettings, 'cpu_limit' | 'memory_limit'>;

/**
 * How a change reaches the container: it has reached it (`live`), takes a deployment, because the engine cannot take a limit away from
 * a container (`redeploy`), or comes with the next one (`later`), because nothing runs.
 */
export type LimitChange = 'none' | 'live' | 'redeploy' | 'later';

/** @throws AppError limit_below_usage, limit_out_of_range, invalid_state, executor_offline …; then nothing has changed */
export async function applyLimits(ctx: Context, app: AppView, to: Limits): Promise<LimitChange> {
  const from = app.settings;
  if (isSame(from, to)) return 'none';
  const current = await findCurrent(ctx, app);
  if (current === undefined || app.serverStatus === 'revoked') return 'later';
  if (isCleared(from, to)) {
    // A container that somebody has stopped is not started for this.
    if (app.status === 'stopped') return 'later';
    await requireConnected(ctx, current.serverId, ' A limit that is taken away needs a deployment.');
    return 'redeploy';
  }
  return changeLive(ctx, app, current.serverId, to);
}

async function changeLive(ctx: Context, app: AppView, serverId: string, to: Limits): Promise<LimitChange> {
  try {
    await ctx.executors.call(serverId, 'update_limits', { app: app.id, cpu_limit: to.cpu_limit, memory_limit: to.memory_limit });
    return 'live';
  } catch (error) {
    // Its container was removed by hand.
    if (error instanceof AppError && error.code === 'app_not_deployed') return 'later';
    throw error;
  }
}

/** After the settings were written: says so, and deploys where that is needed. Answers the deployment. */
export async function concludeLimits(ctx: Context, actor: Actor, before: AppView, after: AppView, change: LimitChange): Promise<DeploymentRow | null> {
  if (change === 'none') return null;
  const { settings: from } = before;
  const { settings: to } = after;
  const how = { live: 'on the running container', redeploy: 'with a deployment, because a limit cannot be taken away from a running container', later: 'with the next deployment' }[change];
  await recordEvent(ctx, {
    appId: after.id,
    type: 'app.limits',
    actor: actor.user.id,
    message: `Limits changed ${how}: CPU ${describe(from.cpu_limit, 'cores')} to ${describe(to.cpu_limit, 'cores')}, memory ${describe(from.memory_limit, 'MB')} to ${describe(to.memory_limit, 'MB')}`,
    data: { cpu_limit: { from: from.cpu_limit, to: to.cpu_limit }, memory_limit: { from: from.memory_limit, to: to.memory_limit }, applied: change },
  });
  return change === 'redeploy' ? redeploy(ctx, actor, after) : null;
}

function describe(limit: number | null, unit: string): string {
  return limit === null ? 'no limit' : `${limit} ${unit}`;
}

/** With the image that runs: what a tag has come to mean since is not deployed by the way. The settings are written, so a host that has gone away meanwhile gets it later. */
async function redeploy(ctx: Context, actor: Actor, app: AppView): Promise<DeploymentRow | null> {
  const current = await findCurrent(ctx, app);
  if (current === undefined) return null;
  const { deployment } = await requestDeployment(ctx, actor, app, { isQueued: true, image: keptImage(app.slug, current.id), reason: 'a limit was taken away, which the engine cannot do on a running container' });
  return deployment;
}

/** The write lost its race: the container goes back to what the settings say now. Never throws: its caller has an error to tell already. */
export async function takeBackLimits(ctx: Context, actor: Actor, app: AppView, applied: Limits): Promise<void> {
  try {
    const winner = await findAppById(ctx.db, app.id);
    if (winner === undefined) return;
    const change = await applyLimits(ctx, { ...winner, settings: { ...winner.settings, ...pick(applied) } }, winner.settings);
    if (change === 'redeploy') await redeploy(ctx, actor, winner);
  } catch (error) {
    ctx.log.error('take back limits', { app: app.id, cause: describeError(error) });
  }
}

function pick({ cpu_limit, memory_limit }: Limits): Limits {
  return { cpu_limit, memory_limit };
}

async function findCurrent(ctx: Context, app: AppView): Promise<DeploymentRow | undefined> {
  return (await listSucceeded(ctx.db, app, 1))[0];
}

function isSame(from: Limits, to: Limits): boolean {
  return from.cpu_limit === to.cpu_limit && from.memory_limit === to.memory_limit;
}

function isCleared(from: Limits, to: Limits): boolean {
  return (from.cpu_limit !== null && to.cpu_limit === null) || (from.memory_limit !== null && to.memory_limit === null);
}
