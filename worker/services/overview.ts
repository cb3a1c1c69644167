/** Everything somebody reaches, as one tree: projects, their environments, and the apps in each. */
import { listCurrentDeployments, listOverview, listRecentDeployments, listStandings, readOverviewVersion as readVersion, type AppStanding } from '../store/overview.ts';
import type { AppRow, DeploymentRow, EnvironmentRow, ProjectRow } from '../store/schema.ts';
import type { TagRow } from '../store/tag-schema.ts';
import { listFilter, type Actor } from './actor.ts';
import type { Context } from './context.ts';

export interface EnvironmentTree {
  environment: EnvironmentRow;
  /** Newest first. */
  apps: AppStanding[];
}

export interface ProjectTree {
  project: ProjectRow;
  /** By name. */
  tags: TagRow[];
  /** Oldest first: the default one leads. */
  environments: EnvironmentTree[];
}

/** Newest projects first. @param projectId only this one */
export async function readOverview(ctx: Context, actor: Actor, projectId?: string): Promise<ProjectTree[]> {
  const rows = await listOverview(ctx.db, { ...listFilter(actor), projectId });
  const trees: ProjectTree[] = [];
  // Rows of one project, and of one environment, follow one another.
  for (const { project, tags, environment, app } of rows) {
    let tree = trees.at(-1);
    if (tree?.project.id !== project.id) trees.push((tree = { project, tags, environments: [] }));
    let place = tree.environments.at(-1);
    if (place?.environment.id !== environment.id) tree.environments.push((place = { environment, apps: [] }));
    if (app !== null) place.apps.push(app);
  }
  return trees;
}

/** All apps that somebody reaches, also those whose project they do not; newest first. @param projectId only those in it */
export function readStandings(ctx: Context, actor: Actor, projectId?: string): Promise<AppStanding[]> {
  return listStandings(ctx.db, { ...listFilter(actor), projectId });
}

/** Whatever is made of an overview stands until this is another text. One statement. */
export function readOverviewVersion(ctx: Context, actor: Actor): Promise<string> {
  return readVersion(ctx.db, listFilter(actor));
}

/** The newest deployments of everything somebody reaches. */
export function readRecentDeployments(ctx: Context, actor: Actor, { limit }: { limit: number }): Promise<{ deployment: DeploymentRow; app: AppRow }[]> {
  return listRecentDeployments(ctx.db, listFilter(actor), limit);
}

/** The deployment in service of everything somebody reaches, where there is one. */
export function readCurrentDeployments(ctx: Context, actor: Actor): Promise<{ deployment: DeploymentRow; app: AppRow }[]> {
  return listCurrentDeployments(ctx.db, listFilter(actor));
}
