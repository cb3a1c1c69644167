/**
 * Who may reach what. Lookups here answer the entity or throw: to a stranger a thing that exists is the same as one that does not
 * (404). Services take what these return, never an id from a request.
 */
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { isId } from '../../shared/names.ts';
import { findAppById, findAppBySlug, type AppView } from '../store/apps.ts';
import { findDeployment } from '../store/deployments.ts';
import { findEnvironment, type EnvironmentView } from '../store/environments.ts';
import { findProject, type ProjectView } from '../store/projects.ts';
import type { DeploymentRow } from '../store/schema.ts';
import { isAdministrator, type Actor } from './actor.ts';
import type { Context } from './context.ts';
import { refusalOf, refusalOfLevel, type Action, type Level, type Refusal } from './permissions.ts';

/** @throws AppError forbidden, grant_missing, scope_missing, session_needed, reveal_needs_session */
export function requireRight(actor: Actor, action: Action): void {
  throwIf(findRefusal(actor, action));
}

export function hasRight(actor: Actor, action: Action): boolean {
  return findRefusal(actor, action) === null;
}

function throwIf(refusal: Refusal | null): void {
  if (refusal !== null) throw new AppError(refusal.code, { detail: refusal.detail });
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

/** How a thing is the actor's; null where it is not, or is outside the reach of their key. */
export function levelOf(actor: Actor, { ownerId, projectId, appId }: Owned): Level | null {
  const { user, reach, shares } = actor;
  const isWithin = reach === null || reach.projects.includes(projectId) || (appId !== null && reach.apps.includes(appId));
  if (!isWithin) return null;
  if (isAdministrator(actor) || ownerId === user.id) return 'owner';
  const roles = [shares.get(projectId), appId === null ? undefined : shares.get(appId)];
  return roles.includes('developer') ? 'developer' : roles.includes('viewer') ? 'viewer' : null;
}

/** A thing that is not theirs is one that is not there; what they may not do with one that they reach, they are told. */
function demand<T>(actor: Actor, thing: T | undefined, { action, owned, missing }: { action: Action; owned(thing: T): Owned; missing: ErrorCode }): T {
  const level = thing === undefined ? null : levelOf(actor, owned(thing));
  if (thing === undefined || level === null) throw new AppError(missing);
  throwIf(refusalOfLevel(level, action));
  return thing;
}

/** For what is left out of a reply, and is no reason to refuse it. */
export function isAllowed(actor: Actor, action: Action, app: AppView): boolean {
  const level = levelOf(actor, ofApp(app));
  return hasRight(actor, action) && level !== null && refusalOfLevel(level, action) === null;
}

/** Whether they reach the project of an app, and not the app alone. */
export function reachesProjectOf(actor: Actor, { ownerId, projectId }: AppView): boolean {
  return levelOf(actor, { ownerId, projectId, appId: null }) !== null;
}

/** For what is done with an app besides that which it was reached for. @throws AppError app_not_found, forbidden, scope_missing */
export function requireAllowed(actor: Actor, action: Action, app: AppView): void {
  requireRight(actor, action);
  demand(actor, app, { action, owned: ofApp, missing: 'app_not_found' });
}

/** A key that reaches only some things puts nothing into a project that is new, and so none of these. @throws AppError scope_missing */
export function requireNewProjects({ reach }: Actor): void {
  if (reach !== null) throw new AppError('scope_missing', { detail: 'A key that reaches only some projects or apps does not do this.' });
}

const ofProject = ({ ownerId, id }: ProjectView): Owned => ({ ownerId, projectId: id, appId: null });
const ofApp = ({ ownerId, projectId, id }: AppView): Owned => ({ ownerId, projectId, appId: id });

/** Which one, and what for: nobody reaches anything without saying so. */
export interface Wanted {
  id: string;
  action: Action;
}

/** @throws AppError project_not_found, forbidden */
export async function reachProject(ctx: Context, actor: Actor, { id, action }: Wanted): Promise<ProjectView> {
  const project = isId('project', id) ? await findProject(ctx.db, id) : undefined;
  return demand(actor, project, { action, owned: ofProject, missing: 'project_not_found' });
}

/** @throws AppError environment_not_found, forbidden */
export async function reachEnvironment(ctx: Context, actor: Actor, { id, action }: Wanted): Promise<EnvironmentView> {
  const environment = isId('environment', id) ? await findEnvironment(ctx.db, id) : undefined;
  return demand(actor, environment, { action, owned: ({ ownerId, projectId }) => ({ ownerId, projectId, appId: null }), missing: 'environment_not_found' });
}

/** By id or by slug: an id holds `_`, a slug never does. @throws AppError app_not_found, forbidden */
export async function reachApp(ctx: Context, actor: Actor, { id: idOrSlug, action }: Wanted): Promise<AppView> {
  const app = isId('app', idOrSlug) ? await findAppById(ctx.db, idOrSlug) : await findAppBySlug(ctx.db, idOrSlug);
  return demand(actor, app, { action, owned: ofApp, missing: 'app_not_found' });
}

/** @throws AppError deployment_not_found, forbidden */
export async function reachDeployment(ctx: Context, actor: Actor, { id, action }: Wanted): Promise<{ deployment: DeploymentRow; app: AppView }> {
  const deployment = isId('deployment', id) ? await findDeployment(ctx.db, id) : undefined;
  const app = deployment && (await findAppById(ctx.db, deployment.appId));
  return demand(actor, app && { deployment, app }, { action, owned: (found) => ofApp(found.app), missing: 'deployment_not_found' });
}

/** One of the app's own. */
export async function requireDeploymentOf(ctx: Context, app: AppView, id: string): Promise<DeploymentRow> {
  const deployment = await findDeployment(ctx.db, id);
  if (deployment?.appId !== app.id) throw new AppError('deployment_not_found');
  return deployment;
}
