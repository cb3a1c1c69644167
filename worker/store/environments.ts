import { and, asc, eq, gt, notExists, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { apps, environments, projects, type EnvironmentRow, type ProjectRow } from './schema.ts';

/** An environment and whose project it is in. */
export interface EnvironmentView extends EnvironmentRow {
  ownerId: string;
}

export async function insertEnvironment({ orm }: Db, row: EnvironmentRow): Promise<void> {
  await orm.insert(environments).values(row);
}

export async function findEnvironment({ orm }: Db, id: string): Promise<EnvironmentView | undefined> {
  const row = await orm.select({ environment: environments, ownerId: projects.ownerId }).from(environments).innerJoin(projects, eq(projects.id, environments.projectId)).where(eq(environments.id, id)).get();
  return row && { ...row.environment, ownerId: row.ownerId };
}

/** An environment with its project, in one statement. */
export async function findPlace({ orm }: Db, environmentId: string): Promise<{ environment: EnvironmentRow; project: ProjectRow } | undefined> {
  return orm.select({ environment: environments, project: projects }).from(environments).innerJoin(projects, eq(projects.id, environments.projectId)).where(eq(environments.id, environmentId)).get();
}

export async function listEnvironments({ orm }: Db, projectId: string, page: { after: string; limit: number }): Promise<EnvironmentRow[]> {
  return orm
    .select()
    .from(environments)
    .where(and(eq(environments.projectId, projectId), gt(environments.id, page.after)))
    .orderBy(asc(environments.id))
    .limit(page.limit);
}

/** No two changes leave the same `updatedAt`, however soon they follow one another. */
export async function updateEnvironment({ orm }: Db, id: string, changes: Partial<EnvironmentRow>, now: number): Promise<EnvironmentRow | undefined> {
  return orm.update(environments).set({ ...changes, updatedAt: sql`max(${now}, ${environments.updatedAt} + 1)` }).where(eq(environments.id, id)).returning().get();
}

/** Deletes the environment if no app is in it; answers whether it did. */
export async function deleteEmptyEnvironment({ orm }: Db, id: string): Promise<boolean> {
  const appWithin = orm.select({ one: sql`1` }).from(apps).where(eq(apps.environmentId, id));
  const { rowsAffected } = await orm.delete(environments).where(and(eq(environments.id, id), notExists(appWithin)));
  return rowsAffected > 0;
}
