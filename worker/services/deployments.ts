/**
 * Deployments: a row before it is a message. The executor performs them and tells how it went by events (`ingest.ts`); here they are asked
 * for, queued, handed over and cancelled.
 */
import type { PageQuery } from '../../shared/api/common.ts';
import type { WaitReason } from '../../shared/api/deployments.ts';
import { AppError } from '../../shared/errors.ts';
import { isKeptImage } from '../../shared/names.ts';
import type { DeploymentFailure } from '../../shared/protocol/events.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { isFinished } from '../../shared/status.ts';
import { describeError } from '../log.ts';
import { findAppById, placeApp, type AppView } from '../store/apps.ts';
import { claimNextDeployment, correctDeployment, findDeployment, finishDeployment, insertDeployment, isGivenUp, isUndelivered, listDeployments, noteStrategy, queuePosition } from '../store/deployments.ts';
import type { DeploymentRow } from '../store/schema.ts';
import { findDefaultServer } from '../store/servers.ts';
import type { Actor } from './actor.ts';
import { buildAppSpec, requireImage, strategyOf } from './app-spec.ts';
import type { Context } from './context.ts';
import { describeEnd, endOf, describeRequest } from './deployment-log.ts';
import { conclude, recordChange, recordEvent } from './events.ts';
import { readPage, type Page } from './pages.ts';
import { requireConnected } from './presence.ts';
import { explainStop } from './statuses.ts';

/** How long a deployment may wait for its turn, or for its host. */
const queueLife = 24 * 3600 * 1000;

export interface QueuedDeployment {
  deployment: DeploymentRow;
  /** 1 is next; null once it runs. */
  position: number | null;
  waitsFor: WaitReason | null;
}

export interface DeploymentRequest {
  /** An executor that is away gets it when it returns. */
  isQueued?: boolean;
  /** Given out before, because something was made for it: an uploaded image carries it. One that is there already is what was asked for. */
  id?: string | undefined;
  /** Instead of the one in the settings. */
  image?: string;
  /** The deployment whose image it brings back. */
  rollbackOf?: string;
  /** Why, for the app's events, where nobody has asked for just this. */
  reason?: string;
}

/** @throws AppError nothing_to_deploy, git_deploy_unavailable, server_revoked, executor_offline */
export async function requestDeployment(ctx: Context, actor: Actor, app: AppView, request: DeploymentRequest = {}): Promise<QueuedDeployment> {
  const known = await findRequested(ctx, request.id);
  if (known !== null) return known;
  const { isQueued = false, id = ctx.newId('deployment'), image = requireImage(app.settings), rollbackOf = null } = request;
  const serverId = await chooseServer(ctx, app);
  if (!isQueued) await requireConnected(ctx, serverId, ' Add ?queue=true to deploy when it is back.');
  const now = ctx.clock();
  const row: DeploymentRow = {
    id,
    appId: app.id,
    serverId,
    status: 'queued',
    phase: 'queued',
    image,
    imageId: null,
    strategy: strategyOf(app.settings),
    rollbackOf,
    actor: actor.user.id,
    failure: null,
    observedAt: 0,
    expiresAt: now + queueLife,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
  };
  const message = describeRequest(row, request.reason);
  await recordChange(ctx, insertDeployment(ctx.db, row), row, [{ type: 'deployment.requested', actor: actor.user.id, message, data: { deployment_id: id, strategy: row.strategy, rollback_of: rollbackOf } }]);
  await startSoon(ctx, row);
  return describe(ctx, (await findDeployment(ctx.db, row.id)) ?? row);
}

/** ms that whoever asks waits for the executor to take it over: from one that has gone silent no answer comes for longer. */
const handOverPatience = 4_000;

/** What is refused at once is known at once; a delivery that takes longer goes on by itself. */
async function startSoon(ctx: Context, { id, appId, serverId }: DeploymentRow): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, handOverPatience);
  const starting = startNextDeployment(ctx, appId, serverId);
  ctx.goOn(starting.catch((error: unknown) => ctx.log.error('start deployment', { deployment: id, cause: describeError(error) })));
  await Promise.race([starting, promise]).finally(() => clearTimeout(timer));
}

/** The deployment that an earlier attempt of the same request has made (`Claim.fixedId`). */
export async function findRequested(ctx: Context, id: string | undefined): Promise<QueuedDeployment | null> {
  const known = id === undefined ? undefined : await findDeployment(ctx.db, id);
  if (known === undefined) return null;
  await startSoon(ctx, known);
  return describe(ctx, (await findDeployment(ctx.db, known.id)) ?? known);
}

/** Where the app is, or goes. @throws AppError server_revoked, executor_offline */
export async function chooseServer(ctx: Context, app: AppView): Promise<string> {
  if (app.serverStatus === 'revoked') throw new AppError('server_revoked', { detail: 'The server of this app has been revoked: what is deployed to it never runs.' });
  if (app.serverId !== null) return app.serverId;
  const server = await findDefaultServer(ctx.db);
  if (server === undefined) throw new AppError('executor_offline', { detail: 'No server is registered: POST /api/v1/servers gives the command that adds one.', retryAfter: 30 });
  await placeApp(ctx.db, app.id, server.id);
  return server.id;
}

/**
 * Hands the app's next deployment over, if none runs and its host is there. An executor that goes away in between keeps what it was
 * given or gets it again when it returns (`resumeDeployments`).
 */
export async function startNextDeployment(ctx: Context, appId: string, serverId: string): Promise<void> {
  if (!(await ctx.executors.presence(serverId)).isConnected) return;
  const deployment = await claimNextDeployment(ctx.db, appId, ctx.clock());
  if (deployment !== undefined) await handOver(ctx, deployment);
}

/** A message that was lost is sent again while the executor is there; what is not delivered by then, the sweep delivers. */
const deliveries = 2;

/** Delivers a running deployment; delivering it again is safe, the executor journals by id (REL-06). */
export async function handOver(ctx: Context, deployment: DeploymentRow): Promise<void> {
  const app = await findAppById(ctx.db, deployment.appId);
  if (app === undefined) return;
  let spec: AppSpec;
  try {
    spec = await buildAppSpec(ctx, app, deployment.image);
  } catch (cause) {
    ctx.log.error('build spec', { app: app.id, deployment: deployment.id, cause: describeError(cause) });
    const failure = toFailure(new AppError('internal_error', { detail: 'The settings of the app cannot be read: the log of the control plane says why.' }), deployment);
    await endDeployment(ctx, deployment, { status: 'failed', failure });
    return;
  }
  if (spec.strategy !== deployment.strategy) await noteStrategy(ctx.db, deployment.id, spec.strategy);
  try {
    await deliver(ctx, deployment, spec);
  } catch (error) {
    if (!(error instanceof AppError)) {
      ctx.log.error('hand over deployment', { deployment: deployment.id, cause: describeError(error) });
      return;
    }
    if (error.code === 'executor_offline' || error.code === 'executor_lost') return;
    const status = error.code === 'deployment_cancelled' ? 'cancelled' : 'failed';
    await endDeployment(ctx, deployment, { status, failure: toFailure(error, deployment) });
  }
}

async function deliver(ctx: Context, { id, serverId }: DeploymentRow, spec: AppSpec): Promise<void> {
  for (let left = deliveries; ; ) {
    try {
      await ctx.executors.call(serverId, 'deploy', { deployment: id, spec });
      return;
    } catch (error) {
      const isLost = error instanceof AppError && error.code === 'executor_lost';
      if (!isLost || --left === 0 || !(await ctx.executors.presence(serverId)).isConnected) throw error;
    }
    // Meanwhile it may have come all the same, or have been cancelled.
    const current = await findDeployment(ctx.db, id);
    if (current?.status !== 'running' || current.phase !== 'queued') return;
  }
}

function toFailure(error: AppError, { phase }: DeploymentRow): DeploymentFailure {
  return { code: error.code, message: error.message, phase, exit_code: null, oom_killed: false, last_probe: null, logs: [] };
}

interface Ending {
  status: 'succeeded' | 'failed' | 'cancelled';
  failure: DeploymentFailure | null;
  imageId?: string | null;
}

/** Ends it once, says so in the app's events, and starts the next. One that was given up ends once more, as it did. Answers whether this call ended it. */
export async function endDeployment(ctx: Context, deployment: DeploymentRow, ending: Ending): Promise<boolean> {
  const { id, appId, serverId } = deployment;
  const end = (isGivenUp(deployment) ? correctDeployment : finishDeployment)(ctx.db, id, { ...ending, phase: ending.failure?.phase ?? 'done', now: ctx.clock() });
  const message = describeEnd(ending.status, ending.failure);
  const event = { type: `deployment.${ending.status}`, actor: 'system', message, data: { deployment_id: id, ...(ending.failure && { code: ending.failure.code }) } };
  const isEnded = await recordChange(ctx, end, { appId, serverId }, [event]);
  if (!isEnded) {
    // Told again, as it is: an earlier time may have been cut short here.
    const current = await findDeployment(ctx.db, id);
    const known = current === undefined ? null : endOf(current);
    if (known !== null) await conclude(ctx, serverId, known);
    return false;
  }
  await conclude(ctx, serverId, { app: appId, deployment: id, status: ending.status, at: ctx.clock(), message });
  if (ending.failure !== null) await explainStop(ctx, appId, ending.failure);
  await startNextDeployment(ctx, appId, serverId);
  return true;
}

/** @throws AppError deployment_finished, executor_offline */
export async function cancelDeployment(ctx: Context, { user }: Actor, deployment: DeploymentRow): Promise<QueuedDeployment> {
  const now = ctx.clock();
  const end = finishDeployment(ctx.db, deployment.id, { status: 'cancelled', phase: 'queued', failure: null, now }, ['queued']);
  const event = { type: 'deployment.cancelled', actor: user.id, message: 'Deployment cancelled', data: { deployment_id: deployment.id } };
  if (await recordChange(ctx, end, deployment, [event])) {
    await conclude(ctx, deployment.serverId, { app: deployment.appId, deployment: deployment.id, status: 'cancelled', at: now, message: describeEnd('cancelled', null) });
    // Its image may have been loaded already. A server that is away lets go of it by itself, a day later.
    if (isKeptImage(deployment.image)) await ctx.executors.call(deployment.serverId, 'cancel_deploy', { deployment: deployment.id }).catch(() => undefined);
    return { deployment: { ...deployment, status: 'cancelled', phase: 'queued', failure: null, finishedAt: now }, position: null, waitsFor: null };
  }
  const current = await findDeployment(ctx.db, deployment.id);
  if (current === undefined || isFinished(current.status)) throw new AppError('deployment_finished');
  const { cancelled } = await ctx.executors.call(current.serverId, 'cancel_deploy', { deployment: current.id });
  if (cancelled) {
    await recordEvent(ctx, { appId: current.appId, type: 'deployment.cancel_requested', actor: user.id, message: 'Cancelling the deployment was asked for', data: { deployment_id: current.id } });
    // Its end may have come before the answer.
    return awaitDeployment(ctx, { deployment: current, position: null, waitsFor: null }, ctx.clock() + 10_000);
  }
  if (!(await endUndelivered(ctx, current.id))) throw new AppError('deployment_finished', { detail: 'It is past the point where it can be cancelled: the new container serves already.' });
  return describe(ctx, (await findDeployment(ctx.db, current.id)) ?? current);
}

/** Ends a deployment that its executor does not know and has never spoken of: it was not delivered. */
async function endUndelivered(ctx: Context, id: string): Promise<boolean> {
  const deployment = await findDeployment(ctx.db, id);
  if (deployment?.status !== 'running' || deployment.phase !== 'queued') return false;
  return endDeployment(ctx, deployment, { status: 'cancelled', failure: null });
}

/** The deployment when it has ended, or as it is at `deadline`, in ms since the epoch. */
export async function awaitDeployment(ctx: Context, { deployment }: QueuedDeployment, deadline: number): Promise<QueuedDeployment> {
  let current = deployment;
  while (!isFinished(current.status)) {
    const left = deadline - ctx.clock();
    if (left <= 0) break;
    // The wait starts before the row is read again, so an end in between is not missed.
    const settled = ctx.executors.settled(current.serverId, current.id, Math.min(left, 5_000));
    current = (await findDeployment(ctx.db, current.id)) ?? current;
    if (!isFinished(current.status)) await settled;
    current = (await findDeployment(ctx.db, current.id)) ?? current;
  }
  return describe(ctx, current);
}

/** @param isConnected whether its executor is there, where that is known */
export async function describe(ctx: Context, deployment: DeploymentRow, isConnected?: boolean): Promise<QueuedDeployment> {
  const isQueued = deployment.status === 'queued';
  if (!isQueued && !isUndelivered(deployment)) return { deployment, position: null, waitsFor: null };
  const isThere = isConnected ?? (await ctx.executors.presence(deployment.serverId)).isConnected;
  if (!isQueued) return { deployment, position: null, waitsFor: isThere ? null : 'server' };
  return { deployment, position: await queuePosition(ctx.db, deployment), waitsFor: isThere ? 'turn' : 'server' };
}

export async function readDeployments(ctx: Context, app: AppView, query: PageQuery): Promise<Page<QueuedDeployment>> {
  const page = await readPage('deployment', query, (before, limit) => listDeployments(ctx.db, app.id, { before, limit }));
  const isAnyQueued = page.data.some((deployment) => deployment.status === 'queued' || isUndelivered(deployment));
  // One look at the server for all that wait.
  const isConnected = isAnyQueued && app.serverId !== null && (await ctx.executors.presence(app.serverId)).isConnected;
  return { ...page, data: await Promise.all(page.data.map((deployment) => describe(ctx, deployment, isConnected))) };
}
