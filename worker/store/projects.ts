import { and, asc, eq, getTableColumns, gt, inArray, notExists, or, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { apps, projects, type Condition, type ListFilter, type ProjectRow } from './schema.ts';
import { tagIdsOfProject } from './tags.ts';

/** A project with the ids of its tags. */
export interface ProjectView extends ProjectRow {
  tags: string[];
}

const view = { ...getTableColumns(projects), tags: tagIdsOfProject };

export async function insertProject({ orm }: Db, row: ProjectRow): Promise<void> {
  await orm.insert(projects).values(row);
}

export async function findProject({ orm }: Db, id: string): Promise<ProjectView | undefined> {
  return orm.select(view).from(projects).where(eq(projects.id, id)).get();
}

export async function listProjects({ orm }: Db, filter: ListFilter, page: { after: string; limit: number }): Promise<ProjectView[]> {
  return orm
    .select(view)
    .from(projects)
    .where(and(gt(projects.id, page.after), isReachedProject(filter)))
    .orderBy(asc(projects.id))
    .limit(page.limit);
}

/** Which rows of `projects` somebody reaches. */
export function isReachedProject({ ownerId, shared, reach }: ListFilter): Condition {
  return and(ownerId === undefined ? undefined : or(eq(projects.ownerId, ownerId), inArray(projects.id, shared.projects)), reach === null ? undefined : inArray(projects.id, reach.projects));
}

export async function hasProjects({ orm }: Db, ownerId: string): Promise<boolean> {
  return (await orm.select({ one: sql`1` }).from(projects).where(eq(projects.ownerId, ownerId)).limit(1).get()) !== undefined;
}

/** No two changes leave the same `updatedAt`, however soon they follow one another. */
export async function updateProject({ orm }: Db, id: string, changes: Partial<ProjectRow>, now: number): Promise<ProjectView | undefined> {
  return orm.update(projects).set({ ...changes, updatedAt: sql`max(${now}, ${projects.updatedAt} + 1)` }).where(eq(projects.id, id)).returning(view).get();
}

/** Deletes the project if no app is in it; answers whether it did. */
export async function deleteEmptyProject({ orm }: Db, id: string): Promise<boolean> {
  const appOfProject = orm.select({ one: sql`1` }).from(apps).where(eq(apps.projectId, id));
  const { rowsAffected } = await orm.delete(projects).where(and(eq(projects.id, id), notExists(appOfProject)));
  return rowsAffected > 0;
}
