/**
 * Who may reach what. Lookups here answer the entity or throw: to a stranger a thing that exists is the same as one that does not
 * (404). Services take what these return, never an id from a request.
 */
import { AppError } from '../../shared/errors.ts';
import { isId } from '../../shared/names.ts';
import { findAppById, findAppBySlug, type AppView } from '../store/apps.ts';
import { findDeployment } from '../store/deployments.ts';
import { findEnvironment, type EnvironmentView } from '../store/environments.ts';
import { findProject } from '../store/projects.ts';
import type { DeploymentRow, ProjectRow } from '../store/schema.ts';
import { isAdministrator, type Actor } from './actor.ts';
import type { Context } from './context.ts';
import { refusalOf, type Action, type Refusal } from './permissions.ts';

/** @throws AppError forbidden, grant_missing, scope_missing, session_needed, reveal_needs_session */
export function requireRight(actor: Actor, action: Action): void {
  const refusal = findRefusal(actor, action);
  if (refusal !== null) throw new AppError(refusal.code, { detail: refusal.detail });
}

/** For what is left out of a reply, and is no reason to refuse it. */
export function isAllowed(actor: Actor, action: Action): boolean {
  return findRefusal(actor, action) === null;
}

function findRefusal({ user, via, scopes, reach }: Actor, action: Action): Refusal | null {
  return refusalOf({ role: user.role, grants: user.grants, via, scopes, isBounded: reach !== null }, action);
}

interface Owned {
  ownerId: string;
  projectId: string;
  /** Of an app; null where it is a project. */
  appId: string | null;
}

function isReachable(actor: Actor, { ownerId, projectId, appId }: Owned): boolean {
  const { user, reach } = actor;
  const isTheirs = isAdministrator(actor) || ownerId === user.id;
  return isTheirs && (reach === null || reach.projects.includes(projectId) || (appId !== null && reach.apps.includes(appId)));
}

function isReachableApp(actor: Actor, { ownerId, projectId, id }: AppView): boolean {
  return isReachable(actor, { ownerId, projectId, appId: id });
}

export async function reachProject(ctx: Context, actor: Actor, id: string): Promise<ProjectRow> {
  const project = isId('project', id) ? await findProject(ctx.db, id) : undefined;
  if (project === undefined || !isReachable(actor, { ownerId: project.ownerId, projectId: id, appId: null })) throw new AppError('project_not_found');
  return project;
}

export async function reachEnvironment(ctx: Context, actor: Actor, id: string): Promise<EnvironmentView> {
  const environment = isId('environment', id) ? await findEnvironment(ctx.db, id) : undefined;
  if (environment === undefined || !isReachable(actor, { ...environment, appId: null })) throw new AppError('environment_not_found');
  return environment;
}

/** By id or by slug: an id holds `_`, a slug never does. */
export async function reachApp(ctx: Context, actor: Actor, idOrSlug: string): Promise<AppView> {
  const app = isId('app', idOrSlug) ? await findAppById(ctx.db, idOrSlug) : await findAppBySlug(ctx.db, idOrSlug);
  if (app === undefined || !isReachableApp(actor, app)) throw new AppError('app_not_found');
  return app;
}

export async function reachDeployment(ctx: Context, actor: Actor, id: string): Promise<{ deployment: DeploymentRow; app: AppView }> {
  const deployment = isId('deployment', id) ? await findDeployment(ctx.db, id) : undefined;
  const app = deployment && (await findAppById(ctx.db, deployment.appId));
  if (deployment === undefined || app === undefined || !isReachableApp(actor, app)) throw new AppError('deployment_not_found');
  return { deployment, app };
}

/** One of the app's own. */
export async function requireDeploymentOf(ctx: Context, app: AppView, id: string): Promise<DeploymentRow> {
  const deployment = await findDeployment(ctx.db, id);
  if (deployment?.appId !== app.id) throw new AppError('deployment_not_found');
  return deployment;
}
