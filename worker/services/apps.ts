import type { AppQuery, AppSettings, CreateApp, UpdateApp } from '../../shared/api/apps.ts';
import { AppError } from '../../shared/errors.ts';
import { isImageId } from '../../shared/image-reference.ts';
import { isForeignKeptImage } from '../../shared/names.ts';
import { findAppById, insertApp, listApps, updateSettings, type AppView } from '../store/apps.ts';
import type { AppRow, DeploymentRow, ProjectRow } from '../store/schema.ts';
import { findDefaultServer, findServer } from '../store/servers.ts';
import { listFilter, type Actor } from './actor.ts';
import { mergeEnv, openEnv, sealEnv } from './app-env.ts';
import type { Context } from './context.ts';
import { placeInEnvironment } from './environments.ts';
import { invalidValue } from './invalid-value.ts';
import { recordEvent } from './events.ts';
import { applyLimits, concludeLimits, takeBackLimits } from './limits.ts';
import { readPage, type Page } from './pages.ts';
import { checkSlug, slugError, asNewApp } from './slugs.ts';
import type { Presence, Usage } from './ports.ts';
import { statusNow } from './presence.ts';

/** An app and what its executor last reported of its use. */
export interface LiveApp {
  app: AppView;
  usage: Usage;
}

/** Of a row: nobody has deployed it yet. @param now ms since the epoch */
export function justCreated(now: number): Pick<AppRow, 'status' | 'statusReason' | 'statusSince' | 'observedAt' | 'createdAt' | 'updatedAt'> {
  return { status: 'created', statusReason: null, statusSince: now, observedAt: 0, createdAt: now, updatedAt: now };
}

export async function createApp(ctx: Context, actor: Actor, project: ProjectRow, input: CreateApp): Promise<LiveApp> {
  checkSlug(input.slug);
  checkSource(input.slug, input);
  const id = ctx.newId('app');
  const { env, server_id: serverId, environment_id: environment, slug, ...settings } = input;
  const environmentId = await placeInEnvironment(ctx, project.id, environment);
  const server = await (serverId === undefined ? findDefaultServer(ctx.db) : findServer(ctx.db, serverId));
  if (serverId !== undefined && (server === undefined || server.status === 'revoked')) {
    throw new AppError('server_not_found', { errors: [{ pointer: '/server_id', code: 'server_not_found', detail: 'There is no such server.' }] });
  }
  const row: AppRow = {
    id,
    projectId: project.id,
    environmentId,
    serverId: server?.id ?? null,
    slug,
    settings,
    ...(await sealEnv(ctx, id, env)),
    ...justCreated(ctx.clock()),
  };
  await asNewApp(insertApp(ctx.db, row), slug);
  await recordEvent(ctx, { appId: id, type: 'app.created', actor: actor.user.id, message: `App ${input.slug} created` });
  return withUsage(ctx, { ...row, ownerId: project.ownerId, serverStatus: server?.status ?? null, ingress: server?.ingress ?? null });
}

export async function readApps(ctx: Context, actor: Actor, { environment_id: environmentId, ...query }: AppQuery, projectId?: string): Promise<Page<LiveApp>> {
  const page = await readPage('app', query, (after = '', limit) => listApps(ctx.db, { projectId, environmentId, ...listFilter(actor) }, { after, limit }));
  const serverIds = [...new Set(page.data.flatMap((app) => app.serverId ?? []))];
  const presences = new Map(await Promise.all(serverIds.map(async (id) => [id, await ctx.executors.presence(id)] as const)));
  return { ...page, data: page.data.map((app) => toLiveApp(app, presences.get(app.serverId ?? ''))) };
}

const idle: Usage = { cpu: 0, memory: 0 };

export async function withUsage(ctx: Context, app: AppView): Promise<LiveApp> {
  return toLiveApp(app, app.serverId === null ? undefined : await ctx.executors.presence(app.serverId));
}

function toLiveApp(app: AppView, presence: Presence | undefined): LiveApp {
  if (presence === undefined) return { app, usage: idle };
  return { app: { ...app, serverStatus: statusNow(app.serverStatus, presence) }, usage: presence.usage[app.id] ?? idle };
}

interface ChangedApp extends LiveApp {
  /** What brings a change into service that the running container cannot take. */
  deployment: DeploymentRow | null;
}

/** @throws AppError slug_immutable, concurrent_change, and of limits as `applyLimits`; then nothing has changed */
export async function changeApp(ctx: Context, actor: Actor, app: AppView, input: UpdateApp): Promise<ChangedApp> {
  const { env, slug, environment_id: environment, ...settings } = input;
  if (slug !== undefined && slug !== app.slug) throw slugError('slug_immutable', 'The slug is the address of the app. Make a new app for another one.');
  const merged = { ...app.settings, ...settings };
  checkSource(app.slug, merged);
  const place = environment !== undefined && { environmentId: await placeInEnvironment(ctx, app.projectId, environment) };
  const sealed = env !== undefined && (await sealEnv(ctx, app.id, mergeEnv(await openEnv(ctx, app), env)));
  const limits = await applyLimits(ctx, app, merged);
  const isWritten = await updateSettings(ctx.db, app, { settings: merged, ...place, ...sealed, updatedAt: Math.max(ctx.clock(), app.updatedAt + 1) });
  if (!isWritten && limits === 'live') await takeBackLimits(ctx, actor, app, merged);
  if (!isWritten) throw new AppError('concurrent_change', { detail: 'Somebody else changed the app at the same moment: read it and try again.' });
  const fields = Object.keys(input);
  await recordEvent(ctx, { appId: app.id, type: 'app.updated', actor: actor.user.id, message: `Changed ${fields.join(', ') || 'nothing'}`, data: { fields } });
  const changed = await findAppById(ctx.db, app.id);
  if (changed === undefined) throw new AppError('app_not_found');
  const deployment = await concludeLimits(ctx, actor, app, changed, limits);
  return { ...(await withUsage(ctx, changed)), deployment };
}

function checkSource(slug: string, source: Pick<AppSettings, 'image' | 'git_repo_url'>): void {
  if (source.image === null) return;
  if (isImageId(source.image)) throw imageNotFound('An image is named by its repository, not by its id.');
  // SEC-04: what others have uploaded does not exist for this app.
  if (isForeignKeptImage(source.image, slug)) throw imageNotFound(`There is no image ${source.image} for this app.`);
  if (source.git_repo_url === null) return;
  throw invalidValue('/image', 'With git_repo_url the image is generated: leave image out, or set it to null.');
}

function imageNotFound(detail: string): AppError {
  return new AppError('image_not_found', { detail, errors: [{ pointer: '/image', code: 'image_not_found', detail }] });
}
