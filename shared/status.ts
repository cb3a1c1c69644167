/** The states of apps, deployments and servers, and what may follow what. */

/**
 * `created`: never deployed. `starting`: the container runs but is not healthy yet. `unhealthy`: it runs and its health check fails.
 * `crashed`: it exited by itself and will not be restarted. `stopped`: somebody stopped it.
 */
export const appStatuses = ['created', 'starting', 'running', 'unhealthy', 'restarting', 'paused', 'stopped', 'crashed'] as const;
export type AppStatus = (typeof appStatuses)[number];

export const deploymentStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type DeploymentStatus = (typeof deploymentStatuses)[number];

export const deploymentPhases = ['queued', 'validate', 'pull', 'create', 'start', 'health', 'switch', 'drain', 'cleanup', 'done'] as const;
export type DeploymentPhase = (typeof deploymentPhases)[number];

/** `degraded`: the executor is connected but its Docker engine does not answer. `pending`: enrolment token given out, not used yet. */
export const serverStatuses = ['pending', 'online', 'degraded', 'offline', 'revoked'] as const;
export type ServerStatus = (typeof serverStatuses)[number];

/** What a server is while its executor is connected, by what the executor last heard of Docker: never online by the socket alone (REL-01). */
export function connectedStatus(isEngineReachable: boolean, reason = 'the Docker engine does not answer'): { status: 'online' | 'degraded'; reason: string | null } {
  return isEngineReachable ? { status: 'online', reason: null } : { status: 'degraded', reason };
}

/** Of a disk, by the share of it that is in use: `warning` from 80 %, `critical` from 85 % on. */
export const diskLevels = ['ok', 'warning', 'critical'] as const;
export type DiskLevel = (typeof diskLevels)[number];

export function isFinished(status: DeploymentStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}

export const appActions = ['start', 'stop', 'restart', 'pause', 'unpause'] as const;
export type AppAction = (typeof appActions)[number];

const actionsByStatus: Record<AppStatus, readonly AppAction[]> = {
  created: [],
  starting: ['stop', 'restart', 'pause'],
  running: ['start', 'stop', 'restart', 'pause'],
  unhealthy: ['stop', 'restart', 'pause'],
  restarting: ['stop', 'restart'],
  paused: ['stop', 'restart', 'pause', 'unpause'],
  stopped: ['start', 'stop', 'restart'],
  crashed: ['start', 'stop', 'restart'],
};

/** Asking for the state an app is already in is allowed and does nothing. */
export function allowsAction(status: AppStatus, action: AppAction): boolean {
  return actionsByStatus[status].includes(action);
}
