import { and, asc, eq, gt, inArray, isNull, or, sql } from 'drizzle-orm';
import type { AppSettings } from '../../shared/api/apps.ts';
import type { Ingress } from '../../shared/protocol/messages.ts';
import type { ServerStatus } from '../../shared/status.ts';
import { batch, once, type Db } from './db.ts';
import { insertEventOfChange } from './events.ts';
import { apps, environments, projects, servers, type AppRow, type Condition, type EnvironmentRow, type EventRow, type ListFilter, type ProjectRow, type Reach } from './schema.ts';

/** An app with what a reply and an access decision need of its neighbours. */
export interface AppView extends AppRow {
  ownerId: string;
  serverStatus: ServerStatus | null;
  ingress: Ingress | null;
}

export async function insertApp({ orm }: Db, row: AppRow): Promise<void> {
  await orm.insert(apps).values(row);
}

/** All of them, each with the event that tells of it, and what is made for them, or nothing. */
export async function insertCopies(db: Db, made: { project?: ProjectRow; environment?: EnvironmentRow }, copies: readonly { app: AppRow; event: EventRow }[]): Promise<void> {
  const { orm } = db;
  await batch(db, [
    ...(made.project === undefined ? [] : [orm.insert(projects).values(made.project)]),
    ...(made.environment === undefined ? [] : [orm.insert(environments).values(made.environment)]),
    ...copies.flatMap(({ app, event }) => [orm.insert(apps).values(app), insertEventOfChange(db, event)]),
  ]);
}

export async function findAppById(db: Db, id: string): Promise<AppView | undefined> {
  return toView(await viewById(db).get({ id }));
}

export async function findAppBySlug(db: Db, slug: string): Promise<AppView | undefined> {
  return toView(await viewBySlug(db).get({ slug }));
}

const viewById = once((db) => selectViews(db, eq(apps.id, sql.placeholder('id')), 1).prepare());
const viewBySlug = once((db) => selectViews(db, eq(apps.slug, sql.placeholder('slug')), 1).prepare());

interface AppFilter extends ListFilter {
  projectId?: string | undefined;
  environmentId?: string | undefined;
}

export async function listApps(db: Db, filter: AppFilter, page: { after: string; limit: number }): Promise<AppView[]> {
  const where = and(
    gt(apps.id, page.after),
    filter.projectId === undefined ? undefined : eq(apps.projectId, filter.projectId),
    filter.environmentId === undefined ? undefined : isIn(filter.environmentId),
    isReachedApp(filter),
  );
  return (await selectViews(db, where, page.limit)).map((row) => toView(row));
}

function isWithin(reach: Reach): Condition {
  return or(inArray(apps.projectId, reach.projects), inArray(apps.id, reach.apps));
}

/** Which rows of `apps`, joined with their project, somebody reaches. */
export function isReachedApp({ ownerId, shared, reach }: ListFilter): Condition {
  return and(
    ownerId === undefined ? undefined : or(eq(projects.ownerId, ownerId), isWithin(shared)),
    reach === null ? undefined : isWithin(reach),
  );
}

/** Of the default environment of a project nothing is written with its apps. */
function isIn(environmentId: string): Condition {
  return or(eq(apps.environmentId, environmentId), and(isNull(apps.environmentId), inArray(apps.projectId, sql`(select project_id from environments where id = ${environmentId} and id = 'env_' || substr(project_id, 5))`)));
}

function selectViews({ orm }: Db, where: Condition, limit: number) {
  return orm
    .select({ app: apps, ownerId: projects.ownerId, serverStatus: servers.status, ingress: servers.ingress })
    .from(apps)
    .innerJoin(projects, eq(projects.id, apps.projectId))
    .leftJoin(servers, eq(servers.id, apps.serverId))
    .where(where)
    .orderBy(asc(apps.id))
    .limit(limit);
}

type ViewRow = { app: AppRow } & Omit<AppView, keyof AppRow>;

function toView(row: ViewRow): AppView;
function toView(row: ViewRow | undefined): AppView | undefined;
function toView(row: ViewRow | undefined): AppView | undefined {
  if (row === undefined) return undefined;
  const { app, ...neighbours } = row;
  return { ...withLaterSettings(app), ...neighbours };
}

/** Settings that apps lack which an earlier release has made, as it may also do on this schema (REL-25). */
const laterSettings: Partial<AppSettings> = { description: '', volumes: [], published_ports: [] };

export function withLaterSettings<Row extends Pick<AppRow, 'settings'>>(row: Row): Row {
  return { ...row, settings: { ...laterSettings, ...row.settings } };
}

/** Writes settings that were merged into what `app` was; false when it has been changed since. */
export async function updateSettings({ orm }: Db, app: AppRow, changes: Partial<AppRow>): Promise<boolean> {
  const { rowsAffected } = await orm.update(apps).set(changes).where(and(eq(apps.id, app.id), eq(apps.updatedAt, app.updatedAt)));
  return rowsAffected > 0;
}

/** Places an app that has no server yet; the first caller wins. */
export async function placeApp({ orm }: Db, id: string, serverId: string): Promise<void> {
  await orm.update(apps).set({ serverId }).where(and(eq(apps.id, id), isNull(apps.serverId)));
}

export async function deleteApp({ orm }: Db, id: string): Promise<void> {
  await orm.delete(apps).where(eq(apps.id, id));
}
