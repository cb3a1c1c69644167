import { AppError } from '../../shared/errors.ts';
import { keptImage } from '../../shared/names.ts';
import type { AppView } from '../store/apps.ts';
import { listSucceeded } from '../store/deployments.ts';
import type { DeploymentRow } from '../store/schema.ts';
import { requireDeploymentOf } from './access.ts';
import type { Actor } from './actor.ts';
import type { Context } from './context.ts';
import { findRequested, requestDeployment, type QueuedDeployment } from './deployments.ts';

/** As many as an executor keeps images of: the current deployment and the three before it. */
const keptDeployments = 4;

interface RollbackRequest {
  /** The last one that succeeded before the current, when left out. */
  deploymentId?: string | undefined;
  isQueued: boolean;
  /** Of the deployment that is made, where it is known before. */
  id?: string | undefined;
}

/** Deploys the image of an earlier deployment with the settings of today. @throws AppError no_earlier_deployment, image_not_kept, deployment_not_found, and as a deployment */
export async function rollBack(ctx: Context, actor: Actor, app: AppView, { deploymentId, isQueued, id }: RollbackRequest): Promise<QueuedDeployment> {
  // By now it may itself be the one to roll back from.
  const known = await findRequested(ctx, id);
  if (known !== null) return known;
  const kept = await listSucceeded(ctx.db, app, keptDeployments);
  const target = deploymentId === undefined ? requireEarlier(kept) : await requireKept(ctx, app, kept, deploymentId);
  return requestDeployment(ctx, actor, app, { isQueued, id, image: keptImage(app.slug, target.id), rollbackOf: target.id });
}

function requireEarlier(kept: DeploymentRow[]): DeploymentRow {
  const before = kept[1];
  if (before === undefined) throw new AppError('no_earlier_deployment', { detail: 'Fewer than two deployments of this app have succeeded.' });
  return before;
}

async function requireKept(ctx: Context, app: AppView, kept: DeploymentRow[], id: string): Promise<DeploymentRow> {
  const target = kept.find((deployment) => deployment.id === id);
  if (target !== undefined) return target;
  const { status } = await requireDeploymentOf(ctx, app, id);
  const reason = status === 'succeeded' ? `Images of the last ${keptDeployments} deployments that succeeded are kept.` : `It is ${status}; only the image of a deployment that succeeded is kept.`;
  throw new AppError('image_not_kept', { detail: reason });
}
