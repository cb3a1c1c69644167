/**
 * Copies of apps: with their settings, variables and limits, under slugs of their own, and deployed by nobody yet. Of all that is copied at once there is everything or nothing. What belongs to one app alone is
 * left out: its data, its published ports, on which no second app of a server can listen, and an image that was uploaded for it (SEC-04).
 */
import type { DuplicateApp } from '../../shared/api/apps.ts';
import type { DuplicateEnvironment } from '../../shared/api/environments.ts';
import type { CreateProject } from '../../shared/api/projects.ts';
import { AppError } from '../../shared/errors.ts';
import { isForeignKeptImage } from '../../shared/names.ts';
import { beginningOf } from '../../shared/text.ts';
import { insertCopies, listApps, type AppView } from '../store/apps.ts';
import type { EnvironmentView } from '../store/environments.ts';
import type { EnvironmentRow, ProjectRow } from '../store/schema.ts';
import { findDefaultServer } from '../store/servers.ts';
import { reachEnvironment, requireAllowed } from './access.ts';
import { listFilter, type Actor } from './actor.ts';
import { openEnv, sealEnv } from './app-env.ts';
import { justCreated, withUsage, type LiveApp } from './apps.ts';
import type { Context } from './context.ts';
import { environmentOf, newEnvironment, toEnvironmentColumn, uniquelyNamed } from './environments.ts';
import { newEvent, type NewEvent } from './events.ts';
import { newProject } from './projects.ts';
import { checkSlug, makeSlug, asNewApp } from './slugs.ts';

/** Apps that are copied at once. */
export const mostApps = 100;

/** Characters of all that their variables are sealed as: they are opened and sealed again within one request. */
const longestSealed = 8 * 1024 * 1024;

/** Where copies go, and what is made for them. */
interface Place {
  projectId: string;
  ownerId: string;
  environmentId: string | null;
  made: { project?: ProjectRow; environment?: EnvironmentRow };
}

interface Copy {
  of: AppView;
  slug: string;
  name: string;
}

/** @throws AppError slug_invalid, slug_reserved, slug_taken, environment_not_found, and of variables as `requireAllowed` */
export async function duplicateApp(ctx: Context, actor: Actor, app: AppView, { slug, name = app.settings.name, environment_id: environment = environmentOf(app) }: DuplicateApp): Promise<LiveApp> {
  checkSlug(slug);
  const place = placeIn(await reachEnvironment(ctx, actor, { id: environment, action: 'apps:write' }));
  const [copy] = await copyAll(ctx, actor, [{ of: app, slug, name }], place);
  return withUsage(ctx, copy as AppView);
}

/** With all that is in it. @throws AppError environment_exists, too_long, and of variables as `requireAllowed` */
export async function duplicateEnvironment(ctx: Context, actor: Actor, from: EnvironmentView, { name, description = from.description }: DuplicateEnvironment): Promise<EnvironmentRow> {
  const environment = newEnvironment(ctx, from.projectId, { name, description });
  const { projectId, ownerId } = from;
  const apps = await readAppsIn(ctx, actor, from.id);
  await uniquelyNamed(copyAll(ctx, actor, apps.map(copyOf), { projectId, ownerId, environmentId: environment.id, made: { environment } }));
  return environment;
}

/** Into the default environment of a project that is made for them. @throws AppError scope_missing, too_long, and of variables as `requireAllowed` */
export async function copyToNewProject(ctx: Context, actor: Actor, apps: readonly AppView[], input: CreateProject): Promise<ProjectRow> {
  const project = newProject(ctx, actor, input);
  await copyAll(ctx, actor, apps.map(copyOf), { projectId: project.id, ownerId: project.ownerId, environmentId: null, made: { project } });
  return project;
}

const ending = ' (copy)';

/** Called so that they are told from what they are copies of. @throws AppError too_long, and of variables as `requireAllowed` */
export async function copyInto(ctx: Context, actor: Actor, apps: readonly AppView[], environment: EnvironmentView): Promise<void> {
  const copies = apps.map(copyOf).map((copy) => ({ ...copy, name: beginningOf(copy.name, 100 - ending.length) + ending }));
  await copyAll(ctx, actor, copies, placeIn(environment));
}

/** Oldest first. @throws AppError too_long when there are more than can be copied */
export async function readAppsIn(ctx: Context, actor: Actor, environmentId: string): Promise<AppView[]> {
  const apps = await listApps(ctx.db, { environmentId, ...listFilter(actor) }, { after: '', limit: mostApps + 1 });
  checkCount(apps);
  return apps;
}

function checkCount({ length }: { length: number }): void {
  if (length > mostApps) throw new AppError('too_long', { detail: `At most ${mostApps} apps are copied at once.` });
}

function copyOf(app: AppView): Copy {
  return { of: app, slug: makeSlug(app.settings.name), name: app.settings.name };
}

function placeIn({ id, projectId, ownerId }: EnvironmentView): Place {
  return { projectId, ownerId, environmentId: toEnvironmentColumn(projectId, id), made: {} };
}

async function copyAll(ctx: Context, actor: Actor, copies: readonly Copy[], place: Place): Promise<AppView[]> {
  checkCount(copies);
  // Whoever has a copy in a project of their own reads all of it.
  const withVariables = copies.flatMap(({ of }) => (of.sealedEnv === null ? [] : [of]));
  for (const app of withVariables) requireAllowed(actor, 'secrets:read', app);
  if (withVariables.reduce((sum, { sealedEnv }) => sum + (sealedEnv?.length ?? 0), 0) > longestSealed) throw new AppError('too_long', { detail: 'The variables of these apps are too long to be copied at once.' });
  const apps: AppView[] = [];
  for (const copy of copies) apps.push(await makeCopy(ctx, copy, place));
  const rows = copies.map(({ of }, position) => {
    const copy = apps[position] as AppView;
    const { ownerId: _owner, serverStatus: _status, ingress: _ingress, ...app } = copy;
    return { app, event: newEvent(ctx, { appId: copy.id, type: 'app.created', actor: actor.user.id, ...describeCopy(of, copy) }) };
  });
  await asNewApp(insertCopies(ctx.db, place.made, rows), copies[0]?.slug ?? '');
  return apps;
}

async function makeCopy(ctx: Context, { of, slug, name }: Copy, { projectId, ownerId, environmentId }: Place): Promise<AppView> {
  const id = ctx.newId('app');
  const { image } = of.settings;
  const isLeftOut = image !== null && isForeignKeptImage(image, slug);
  return {
    id,
    projectId,
    environmentId,
    slug,
    settings: { ...of.settings, name, published_ports: [], image: isLeftOut ? null : image },
    ...(await sealEnv(ctx, id, await openEnv(ctx, of))),
    ...justCreated(ctx.clock()),
    ownerId,
    ...(await chooseServer(ctx, of)),
  };
}

/** Its own, where that is still one. */
async function chooseServer(ctx: Context, { serverId, serverStatus, ingress }: AppView): Promise<Pick<AppView, 'serverId' | 'serverStatus' | 'ingress'>> {
  if (serverId !== null && serverStatus !== 'revoked') return { serverId, serverStatus, ingress };
  const server = await findDefaultServer(ctx.db);
  return { serverId: server?.id ?? null, serverStatus: server?.status ?? null, ingress: server?.ingress ?? null };
}

function describeCopy(of: AppView, copy: AppView): Pick<NewEvent, 'message' | 'data'> {
  const left = [
    of.settings.published_ports.length > 0 && 'its published ports',
    of.settings.volumes.length > 0 && 'the content of its volumes',
    of.settings.image !== copy.settings.image && 'the image that was uploaded for it',
  ].filter((what) => what !== false);
  const without = left.length === 0 ? '' : `, without ${left.join(' and ')}`;
  // Whoever reads this in another project may know nothing of the one that was copied.
  const [name, data] = of.projectId === copy.projectId ? [` of ${of.slug}`, { copy_of: of.id }] : ['', {}];
  return { message: `App ${copy.slug} created as a copy${name}${without}`, data };
}
