/** The log of one deployment: what it does, what its container writes, and how it ended. Pure. */
import type { DeploymentFailure } from '../../shared/protocol/events.ts';
import { isFinished, type DeploymentPhase } from '../../shared/status.ts';
import type { DeploymentRow } from '../store/schema.ts';
import { toLogFilter } from './log-filter.ts';
import { toPlainLine } from './plain-log.ts';
import type { DeploymentEnd, FollowedDeployment, StreamRequest } from './ports.ts';

const phases: Record<DeploymentPhase, string> = {
  queued: 'Waiting for its turn',
  validate: 'Checking what is deployed',
  pull: 'Getting the image',
  create: 'Creating the container',
  start: 'Starting the container',
  health: 'Waiting until the container is healthy',
  switch: 'Switching over to the new container',
  drain: 'Waiting for the requests of the old container',
  cleanup: 'Removing the old container',
  done: 'Done',
};

/** @param at ms since the epoch */
export function toPhaseLine(phase: DeploymentPhase, at: number): string {
  return toLine(phases[phase], at);
}

export function toEndLine({ message, at }: DeploymentEnd): string {
  return toLine(message, at);
}

/** One line, whatever a failure says. */
function toLine(text: string, at: number): string {
  return toPlainLine({ time: new Date(at).toISOString(), text: text.replaceAll(/\s*[\r\n]+\s*/g, ' ') });
}

export function describeRequest({ image, rollbackOf, strategy }: Pick<DeploymentRow, 'image' | 'rollbackOf' | 'strategy'>, reason?: string): string {
  const what = rollbackOf === null ? `Deployment of ${image} requested` : `Rollback to deployment ${rollbackOf} requested`;
  const how = strategy === 'stop-first' ? '; because of its volumes or published ports the app is stopped before the new container starts' : '';
  return `${what}${reason === undefined ? '' : `: ${reason}`}${how}`;
}

export function describeEnd(status: DeploymentEnd['status'], failure: DeploymentFailure | null): string {
  return { succeeded: 'Deployment succeeded', failed: `Deployment failed: ${failure?.message ?? 'unknown reason'}`, cancelled: 'Deployment cancelled' }[status];
}

/** The log from its beginning, as text with what the deployment does between its lines. It ends with the deployment. */
export function followDeployment(deployment: DeploymentRow): StreamRequest<'logs'> {
  const { id, appId: app, createdAt, phase, status, observedAt } = deployment;
  const requested = toLine(describeRequest(deployment), createdAt);
  const doing = isFinished(status) ? '' : toPhaseLine(phase, Math.max(createdAt, observedAt));
  const followed = { id, phase, isTold: true, begun: requested + doing, end: endOf(deployment) };
  return { kind: 'logs', app, params: { app, filter: toLogFilter({ deployment: id }, createdAt), tail: null }, wire: 'text', deployment: followed };
}

/** Of a log of this deployment alone: whether it is still to come, or never will. What has succeeded ends with its container. */
export function awaitDeploymentLog(deployment: DeploymentRow): FollowedDeployment | undefined {
  const { id, phase, status } = deployment;
  return status === 'succeeded' ? undefined : { id, phase, isTold: false, begun: '', end: endOf(deployment) };
}

/** Null while it has none. */
export function endOf({ id, appId, status, failure, finishedAt, createdAt }: DeploymentRow): DeploymentEnd | null {
  if (status === 'queued' || status === 'running') return null;
  return { app: appId, deployment: id, status, at: finishedAt ?? createdAt, message: describeEnd(status, failure) };
}
