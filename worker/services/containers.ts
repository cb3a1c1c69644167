/** Containers by the names they have on their engine: each is of one deployment of an app. */
import { AppError } from '../../shared/errors.ts';
import { readContainerName } from '../../shared/names.ts';
import { findAppBySlug, type AppView } from '../store/apps.ts';
import { findDeploymentByTail, listSucceeded } from '../store/deployments.ts';
import type { DeploymentRow } from '../store/schema.ts';
import { reachApp, type Wanted } from './access.ts';
import type { Actor } from './actor.ts';
import type { Context } from './context.ts';

export interface Container {
  app: AppView;
  /** Null: the app was named, by id or slug, and whatever it runs is meant. */
  deployment: DeploymentRow | null;
}

/** @throws AppError app_not_found, forbidden */
export async function reachContainer(ctx: Context, actor: Actor, { id: name, action }: Wanted): Promise<Container> {
  const parts = readContainerName(name);
  const named = parts && (await findAppBySlug(ctx.db, parts.slug));
  const deployment = parts && named && (await findDeploymentByTail(ctx.db, named.id, parts.tail));
  // A slug may look like the name of a container. That of a container cannot be chosen.
  return { app: await reachApp(ctx, actor, { id: deployment?.appId ?? name, action }), deployment: deployment ?? null };
}

/** Commands run in the container that is there now. @throws AppError app_not_found */
export async function requireCurrent(ctx: Context, { app, deployment }: Container): Promise<void> {
  if (deployment === null) return;
  const [current] = await listSucceeded(ctx.db, app, 1);
  if (current?.id !== deployment.id) throw new AppError('app_not_found', { detail: 'The container is gone: another deployment has taken its place.' });
}
