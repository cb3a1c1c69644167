import { and, asc, eq, gt, isNull, lt, ne, sql } from 'drizzle-orm';
import type { Ingress } from '../../shared/protocol/messages.ts';
import type { AppStatus, ServerStatus } from '../../shared/status.ts';
import { once, type Db } from './db.ts';
import { apps, events, projects, servers, type AppRow, type Condition, type EventRow } from './schema.ts';

/** An app with what a reply and an access decision need of its neighbours. */
export interface AppView extends AppRow {
  ownerId: string;
  serverStatus: ServerStatus | null;
  ingress: Ingress | null;
}

export async function insertApp({ orm }: Db, row: AppRow): Promise<void> {
  await orm.insert(apps).values(row);
}

export async function findAppById(db: Db, id: string): Promise<AppView | undefined> {
  return toView(await viewById(db).get({ id }));
}

export async function findAppBySlug(db: Db, slug: string): Promise<AppView | undefined> {
  return toView(await viewBySlug(db).get({ slug }));
}

const viewById = once((db) => selectViews(db, eq(apps.id, sql.placeholder('id')), 1).prepare());
const viewBySlug = once((db) => selectViews(db, eq(apps.slug, sql.placeholder('slug')), 1).prepare());

interface AppFilter {
  projectId?: string | undefined;
  ownerId?: string | undefined;
}

export async function listApps(db: Db, filter: AppFilter, page: { after: string; limit: number }): Promise<AppView[]> {
  const where = and(
    gt(apps.id, page.after),
    filter.projectId === undefined ? undefined : eq(apps.projectId, filter.projectId),
    filter.ownerId === undefined ? undefined : eq(projects.ownerId, filter.ownerId),
  );
  return (await selectViews(db, where, page.limit)).map((row) => toView(row));
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
  return { ...app, ...neighbours };
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

export async function listStatuses({ orm }: Db, serverId: string): Promise<{ id: string; status: AppStatus }[]> {
  return orm.select({ id: apps.id, status: apps.status }).from(apps).where(eq(apps.serverId, serverId));
}

interface Observation {
  appId: string;
  serverId: string;
  status: AppStatus;
  reason: string | null;
  at: number;
  now: number;
}

/**
 * Writes a transition, unless the app is not on that server (SEC-17), already has the status, or something newer is known (REL-21).
 * Answers whether it was one.
 */
export async function observeStatus({ orm }: Db, { appId, serverId, status, reason, at, now }: Observation): Promise<boolean> {
  const { rowsAffected } = await orm
    .update(apps)
    .set({ status, statusReason: reason, statusSince: now, observedAt: at })
    .where(and(eq(apps.id, appId), eq(apps.serverId, serverId), lt(apps.observedAt, at), ne(apps.status, status)));
  return rowsAffected > 0;
}

export async function deleteApp({ orm }: Db, id: string): Promise<void> {
  await orm.delete(apps).where(eq(apps.id, id));
}

/** Does nothing when the app has been deleted meanwhile. */
export async function insertEvent({ orm }: Db, row: EventRow): Promise<void> {
  await orm
    .insert(events)
    .select(
      sql`select ${row.id}, ${row.appId}, ${row.type}, ${row.actor}, ${row.message}, ${JSON.stringify(row.data)}, ${row.createdAt} where exists (select 1 from apps where id = ${row.appId})`,
    );
}

/** Newest first. */
export async function listEvents({ orm }: Db, appId: string, page: { before: string | undefined; limit: number }): Promise<EventRow[]> {
  return orm
    .select()
    .from(events)
    .where(and(eq(events.appId, appId), page.before === undefined ? undefined : lt(events.id, page.before)))
    .orderBy(sql`${events.id} desc`)
    .limit(page.limit);
}
