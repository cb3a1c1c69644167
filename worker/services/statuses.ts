/** What apps are, as their executors tell: each change is written once, in the order of the executor's clock, and recorded with what made it so. */
import type { DeploymentFailure, OomEvent } from '../../shared/protocol/events.ts';
import type { AppStatus } from '../../shared/status.ts';
import { beginningOf } from '../../shared/text.ts';
import { listEvents } from '../store/events.ts';
import { explainFailedStart, findFailedStart, findStatus, observeStatus } from '../store/statuses.ts';
import type { Context } from './context.ts';
import { recordChange, recordEvent } from './events.ts';

interface Status {
  status: AppStatus;
  reason: string | null;
}

export interface StatusFact extends Status {
  app: string;
  /** By the executor's clock (REL-21). */
  at: number;
}

/** Does nothing about what is older than what is known, and what is no change. */
export async function changeStatus(ctx: Context, serverId: string, { app: appId, status, reason, at }: StatusFact): Promise<void> {
  const before = await findStatus(ctx.db, appId);
  if (before === undefined) return;
  const change = observeStatus(ctx.db, { appId, serverId, status, reason, at, now: ctx.clock() });
  const message = reason === null ? `App is ${status}` : `App is ${status}: ${reason}`;
  await recordChange(ctx, change, { appId, serverId }, [
    { type: 'app.status', actor: 'system', message, data: { status, previous: before.status, reason } },
    ...healthEvents(before, { status, reason }),
  ]);
}

/** For those who want to be told of health, and not of every start and stop. */
function healthEvents(before: Status, { status, reason }: Status) {
  if (status === 'unhealthy') return [{ type: 'app.unhealthy', actor: 'system', message: reason ?? 'health check failed', data: { reason } }];
  if (before.status !== 'unhealthy' || status !== 'running') return [];
  return [{ type: 'app.healthy', actor: 'system', message: reason ?? 'health check passes again', data: { reason, previous: before.reason } }];
}

/** An app that is missing in the full picture has no container. That of an app which never came up was taken away by its deployment. */
export async function takeAbsence(ctx: Context, serverId: string, app: string, at: number): Promise<void> {
  const start = await findFailedStart(ctx.db, app);
  const removed = start === undefined ? 'its container is gone: it was removed outside Dockup' : 'its deployment did not bring it up';
  await changeStatus(ctx, serverId, { app, status: 'stopped', reason: start?.failure ? reasonOf(start.failure) : removed, at });
}

/** The picture without the container may have come before the outcome that tells why. */
export async function explainStop(ctx: Context, app: string, failure: DeploymentFailure): Promise<void> {
  await explainFailedStart(ctx.db, app, reasonOf(failure));
}

function reasonOf({ message }: DeploymentFailure): string {
  return beginningOf(`its deployment failed: ${message}`, 500);
}

/** Of an app on that server (SEC-17), and once: what is told again after a cut has the same time (REL-06). */
export async function takeOom(ctx: Context, serverId: string, { app: appId, deployment, at }: OomEvent): Promise<void> {
  const known = await findStatus(ctx.db, appId);
  if (known?.serverId !== serverId) return;
  const [last] = await listEvents(ctx.db, appId, { before: undefined, type: 'app.oom', limit: 1 });
  if (Number(last?.data['at'] ?? 0) >= at) return;
  await recordEvent(ctx, { appId, type: 'app.oom', actor: 'system', message: 'A process of the app was killed: out of memory', data: { deployment_id: deployment, at } });
}
