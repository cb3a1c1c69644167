/** What an app's container amounts to in Dockup's terms. Pure. */
import type { AppStatus } from '../../shared/status.ts';
import type { EngineState } from '../docker/containers.ts';

/** `pending`: started again and not yet seen healthy. Apps without a check of their own are always `healthy`. `recovery`: the answer that ended a failure. */
export type Health = { state: 'pending' } | { state: 'healthy'; recovery?: string } | { state: 'failing'; answer: string };

export interface Observation {
  state: EngineState;
  /** The container belongs to the first deployment of the app, which has no outcome yet. */
  isBeingDeployed: boolean;
  /** Somebody stopped it. */
  isStopped: boolean;
  health: Health;
  /** How it ended, once it has. */
  exit: { code: number; isOutOfMemory: boolean; error: string } | null;
  /** The engine starts it again whenever it exits by itself. */
  isAlwaysRestarted: boolean;
}

export interface ObservedStatus {
  status: AppStatus;
  reason: string | null;
}

export function toStatus(seen: Observation): ObservedStatus {
  if (seen.isBeingDeployed) return plain('starting');
  switch (seen.state) {
    case 'running':
      return runningStatus(seen.health);
    case 'paused':
      return plain('paused');
    case 'restarting':
      return { status: 'restarting', reason: exitReason(seen.exit) };
    case 'created':
    case 'removing':
      return plain('stopped');
    case 'exited':
    case 'dead':
      return { status: isCrashed(seen) ? 'crashed' : 'stopped', reason: endReason(seen) };
  }
}

function plain(status: AppStatus): ObservedStatus {
  return { status, reason: null };
}

function runningStatus(health: Health): ObservedStatus {
  if (health.state === 'failing') return { status: 'unhealthy', reason: `health check failed: ${health.answer}`.slice(0, 500) };
  if (health.state === 'pending') return plain('starting');
  return { status: 'running', reason: health.recovery === undefined ? null : `health check passes again: ${health.recovery}`.slice(0, 500) };
}

/** A container that the engine would have restarted is down because somebody stopped it, unless the engine says why it could not. */
function isCrashed({ isStopped, isAlwaysRestarted, exit }: Observation): boolean {
  if (isStopped) return false;
  return !isAlwaysRestarted || (exit?.error ?? '') !== '';
}

/** Nobody needs to be told why an app is down that they have stopped. */
function endReason(seen: Observation): string | null {
  if (seen.isStopped) return null;
  return isCrashed(seen) ? exitReason(seen.exit) : `stopped outside Dockup, ${exitReason(seen.exit) ?? 'cause unknown'}`;
}

function exitReason(exit: Observation['exit']): string | null {
  if (exit === null) return null;
  if (exit.error !== '') return exit.error.slice(0, 500);
  return `exit code ${exit.code}${exit.isOutOfMemory ? ', out of memory' : ''}`;
}
