/** Projects with all that is in them, in one statement however much that is. */
import { and, desc, eq, isNull, or, sql } from 'drizzle-orm';
import type { DeploymentStatus } from '../../shared/status.ts';
import { isReachedApp, withLaterSettings } from './apps.ts';
import type { Db } from './db.ts';
import { isReachedProject } from './projects.ts';
import { apps, deployments, environments, projects, type AppRow, type DeploymentRow, type EnvironmentRow, type ListFilter, type ProjectRow } from './schema.ts';
import { projectTags, tags, type TagRow } from './tag-schema.ts';
import { tagsOfProject } from './tags.ts';

/** An app and how its newest deployment stands. */
export interface AppStanding extends AppRow {
  latest: DeploymentStatus | null;
}

interface OverviewFilter extends ListFilter {
  projectId?: string | undefined;
}

/** Of one app. */
const latest = sql<DeploymentStatus | null>`(select status from deployments where deployments.app_id = ${apps.id} order by deployments.id desc limit 1)`;

export interface OverviewRow {
  project: ProjectRow;
  /** By name. */
  tags: TagRow[];
  environment: EnvironmentRow;
  /** Null in an environment without any. */
  app: AppStanding | null;
}

/** One row per app, or per environment without any: newest projects first, their environments oldest first, newest apps first. Every project has an environment. */
export async function listOverview({ orm }: Db, filter: OverviewFilter): Promise<OverviewRow[]> {
  const rows = await orm
    .select({ project: projects, tags: tagsOfProject, environment: environments, app: apps, latest })
    .from(projects)
    .innerJoin(environments, eq(environments.projectId, projects.id))
    .leftJoin(apps, and(eq(apps.projectId, projects.id), or(eq(apps.environmentId, environments.id), and(isNull(apps.environmentId), isDefault)), isReachedApp(filter)))
    .where(and(filter.projectId === undefined ? undefined : eq(projects.id, filter.projectId), isReachedProject(filter)))
    .orderBy(desc(projects.id), environments.id, desc(apps.id));
  return rows.map(({ app, latest: standing, ...place }) => ({ ...place, app: app && { ...withLaterSettings(app), latest: standing } }));
}

/** Newest first, whatever of their projects somebody reaches. */
export async function listStandings({ orm }: Db, filter: OverviewFilter): Promise<AppStanding[]> {
  const rows = await orm
    .select({ app: apps, latest })
    .from(apps)
    .innerJoin(projects, eq(projects.id, apps.projectId))
    .where(and(filter.projectId === undefined ? undefined : eq(projects.id, filter.projectId), isReachedApp(filter)))
    .orderBy(desc(apps.id));
  return rows.map(({ app, latest: standing }) => ({ ...withLaterSettings(app), latest: standing }));
}

/** As migration 0005 makes its id. */
const isDefault = sql`${environments.id} = 'env_' || substr(${projects.id}, 5)`;

/**
 * A text that is another one as soon as anything of an overview is: what was read stands as long as it is the same. Of rows it takes those columns that change with every
 * change of theirs, so it costs a twentieth of reading them.
 */
export async function readOverviewVersion({ orm }: Db, filter: ListFilter): Promise<string> {
  const places = sql`select ${environments.id} || ':' || ${environments.updatedAt} || ':' || ${projects.id} || ':' || ${projects.updatedAt} as part from ${projects} inner join ${environments} on ${environments.projectId} = ${projects.id} where ${isReachedProject(filter) ?? sql`1`}`;
  const services = sql`select ${apps.id} || ':' || ${apps.updatedAt} || ':' || ${apps.status} || ':' || coalesce(${latest}, '') as part from ${apps} inner join ${projects} on ${projects.id} = ${apps.projectId} where ${isReachedApp(filter) ?? sql`1`}`;
  const marks = sql`select ${projectTags.projectId} || ':' || ${tags.id} || ':' || ${tags.updatedAt} as part from ${projectTags} inner join ${tags} on ${tags.id} = ${projectTags.tagId} inner join ${projects} on ${projects.id} = ${projectTags.projectId} where ${isReachedProject(filter) ?? sql`1`}`;
  const row = await orm.select({ version: sql<string | null>`group_concat(part)` }).from(sql`(${places} union all ${services} union all ${marks})`).get();
  return row?.version ?? '';
}

/** Newest first, over all apps that somebody reaches. */
export async function listRecentDeployments({ orm }: Db, filter: ListFilter, limit: number): Promise<{ deployment: DeploymentRow; app: AppRow }[]> {
  return orm
    .select({ deployment: deployments, app: apps })
    .from(deployments)
    .innerJoin(apps, eq(apps.id, deployments.appId))
    .innerJoin(projects, eq(projects.id, apps.projectId))
    .where(isReachedApp(filter))
    .orderBy(desc(deployments.id))
    .limit(limit);
}

/** Of all apps that somebody reaches, newest first, the deployment that is in service: the last that has succeeded. */
export async function listCurrentDeployments({ orm }: Db, filter: ListFilter): Promise<{ deployment: DeploymentRow; app: AppRow }[]> {
  const rows = await orm.select({ deployment: deployments, app: apps }).from(apps).innerJoin(projects, eq(projects.id, apps.projectId)).innerJoin(deployments, eq(deployments.id, current)).where(isReachedApp(filter)).orderBy(desc(apps.id));
  return rows.map(({ deployment, app }) => ({ deployment, app: withLaterSettings(app) }));
}

/** By the order of `listSucceeded`. */
const current = sql`(select newest.id from deployments as newest where newest.app_id = ${apps.id} and newest.status = 'succeeded' and newest.server_id = ${apps.serverId} order by newest.finished_at desc, newest.id desc limit 1)`;
