/** Projects with all that is in them, in two statements however much that is. */
import { and, desc, eq, getTableColumns, sql } from 'drizzle-orm';
import type { DeploymentStatus } from '../../shared/status.ts';
import { isReachedApp, withLaterSettings } from './apps.ts';
import type { Db } from './db.ts';
import { isReachedProject } from './projects.ts';
import { apps, deployments, environments, projects, type AppRow, type Condition, type DeploymentRow, type EnvironmentRow, type ListFilter, type ProjectRow } from './schema.ts';

/** An app and how its newest deployment stands. */
export interface AppStanding extends AppRow {
  latest: DeploymentStatus | null;
}

interface OverviewFilter extends ListFilter {
  projectId?: string | undefined;
}

/** Newest projects first, the environments of each oldest first: every project has one. */
export async function listProjectEnvironments({ orm }: Db, filter: OverviewFilter): Promise<{ project: ProjectRow; environment: EnvironmentRow }[]> {
  return orm
    .select({ project: projects, environment: environments })
    .from(projects)
    .innerJoin(environments, eq(environments.projectId, projects.id))
    .where(and(isOf(filter), isReachedProject(filter)))
    .orderBy(desc(projects.id), environments.id);
}

/** Of one app, as in `listStandings`. */
const latest = sql<DeploymentStatus | null>`(select status from deployments where deployments.app_id = ${apps.id} order by deployments.id desc limit 1)`;

/** Newest first. */
export async function listStandings({ orm }: Db, filter: OverviewFilter): Promise<AppStanding[]> {
  const rows = await orm
    .select({ ...getTableColumns(apps), latest })
    .from(apps)
    .innerJoin(projects, eq(projects.id, apps.projectId))
    .where(and(isOf(filter), isReachedApp(filter)))
    .orderBy(desc(apps.id));
  return rows.map((row) => withLaterSettings(row));
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

function isOf({ projectId }: OverviewFilter): Condition {
  return projectId === undefined ? undefined : eq(projects.id, projectId);
}
