/** Everything somebody reaches, as one tree: projects, their environments, and the apps in each. */
import { environmentOf } from './environments.ts';
import { listProjectEnvironments, listRecentDeployments, listStandings, type AppStanding } from '../store/overview.ts';
import type { AppRow, DeploymentRow, EnvironmentRow, ProjectRow } from '../store/schema.ts';
import { listFilter, type Actor } from './actor.ts';
import type { Context } from './context.ts';

export interface EnvironmentTree {
  environment: EnvironmentRow;
  /** Newest first. */
  apps: AppStanding[];
}

export interface ProjectTree {
  project: ProjectRow;
  /** Oldest first: the default one leads. */
  environments: EnvironmentTree[];
}

/** Newest projects first. @param projectId only this one */
export async function readOverview(ctx: Context, actor: Actor, projectId?: string): Promise<ProjectTree[]> {
  const filter = { ...listFilter(actor), projectId };
  const [pairs, apps] = await Promise.all([listProjectEnvironments(ctx.db, filter), listStandings(ctx.db, filter)]);
  const appsByEnvironment = Map.groupBy(apps, environmentOf);
  const pairsByProject = Map.groupBy(pairs, ({ project }) => project.id);
  return [...pairsByProject.values()].map((own) => ({
    project: (own[0] as (typeof own)[number]).project,
    environments: own.map(({ environment }) => ({ environment, apps: appsByEnvironment.get(environment.id) ?? [] })),
  }));
}

/** The newest deployments of everything somebody reaches. */
export function readRecentDeployments(ctx: Context, actor: Actor, { limit }: { limit: number }): Promise<{ deployment: DeploymentRow; app: AppRow }[]> {
  return listRecentDeployments(ctx.db, listFilter(actor), limit);
}
