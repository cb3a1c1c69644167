/** How Dokploy tells the state of a service: one word for what was last deployed and for what runs. */
import { z } from 'zod';
import type { AppStatus, DeploymentStatus } from '../../../shared/status.ts';

export const serviceStatus = z.enum(['idle', 'running', 'done', 'error']);
export type ServiceStatus = z.infer<typeof serviceStatus>;

const byApp: Readonly<Record<AppStatus, ServiceStatus>> = {
  created: 'idle',
  starting: 'running',
  running: 'done',
  unhealthy: 'error',
  restarting: 'running',
  paused: 'idle',
  stopped: 'idle',
  crashed: 'error',
};

/** `running` while something is being deployed, `error` when the newest deployment failed, also where the version before goes on serving: those who wait for a deployment look here. */
export function toServiceStatus(status: AppStatus, latest: DeploymentStatus | null): ServiceStatus {
  if (latest === 'queued' || latest === 'running') return 'running';
  if (latest === 'failed' && status !== 'stopped' && status !== 'paused') return 'error';
  return byApp[status];
}

export const deploymentStatus = z.enum(['running', 'done', 'error', 'cancelled']);

/** What waits for its turn is `running` there, as Dokploy writes a deployment down only when it begins. */
export function toDeploymentStatus(status: DeploymentStatus): z.infer<typeof deploymentStatus> {
  return ({ queued: 'running', running: 'running', succeeded: 'done', failed: 'error', cancelled: 'cancelled' } as const)[status];
}
