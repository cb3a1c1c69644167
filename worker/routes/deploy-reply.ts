/** How every route answers that asks for a deployment: at once, or when it has ended. */
import { deployment, type Deployment } from '../../shared/api/deployments.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { isFinished } from '../../shared/status.ts';
import { toDeployment } from '../present.ts';
import type { Context } from '../services/context.ts';
import { awaitDeployment, type QueuedDeployment } from '../services/deployments.ts';
import { deploymentLocation, json } from './replies.ts';

/** What asking can be refused with, and, when the caller waits, why a deployment failed. */
export const deployErrors: readonly ErrorCode[] = [
  'nothing_to_deploy', 'git_deploy_unavailable', 'server_revoked', 'executor_offline', 'executor_lost', 'engine_unreachable', 'engine_error', 'proxy_unavailable',
  'image_not_found', 'image_not_kept', 'image_pull_failed', 'policy_refused', 'container_start_failed', 'host_port_taken', 'container_exited', 'health_check_failed', 'deadline_exceeded',
  'deployment_cancelled', 'app_deleted',
];

export const deployResponses = {
  202: { ...json(deployment, 'Accepted; `Location` leads to the deployment.'), headers: deploymentLocation },
  200: json(deployment, 'It has ended well; only with `wait`.'),
};

interface Patience {
  /** ms since the epoch: when it was asked for. */
  since: number;
  /** `?wait=`, in seconds. */
  wait: number | undefined;
  /** The header, which says the same (RFC 7240: `respond-async, wait=30`). */
  prefer: string | undefined;
}

/** 200 when it has ended well within the caller's patience, else 202. @throws AppError with the deployment, when it has failed or was cancelled */
export async function followDeployment(ctx: Context, requested: QueuedDeployment, patience: Patience): Promise<{ deployment: Deployment; status: 200 | 202 }> {
  const wait = patience.wait ?? readPreferredWait(patience.prefer);
  // Of an archive, from when it was loaded.
  const began = Math.max(patience.since, requested.deployment.createdAt);
  const deployment = throwUnlessWell(wait === undefined ? requested : await awaitDeployment(ctx, requested, began + wait * 1000));
  return { deployment, status: wait !== undefined && isFinished(deployment.status) ? 200 : 202 };
}

export function locationOf({ id }: Pick<Deployment, 'id'>): string {
  return `/api/v1/deployments/${id}`;
}

function readPreferredWait(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|[,;\s])wait=(\d{1,3})\b/.exec(prefer ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), 600);
}

/** A caller that waits, or whose deployment failed at once, is told by the status: an error that carries the deployment. */
function throwUnlessWell(queued: QueuedDeployment): Deployment {
  const deployment = toDeployment(queued);
  if (deployment.status === 'cancelled') throw new AppError('deployment_cancelled', { extra: { deployment } });
  if (deployment.failure !== null) throw new AppError(deployment.failure.code, { detail: deployment.failure.message, extra: { deployment } });
  return deployment;
}
