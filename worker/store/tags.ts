import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import { batch, type Db } from './db.ts';
import { projectTags, tags, type TagRow } from './tag-schema.ts';

/** Ids of the tags of a project: a column of a statement that reads `projects`, in plain words as `sharesOfUser` is. */
export const tagIdsOfProject = sql`(select json_group_array(tag_id) from (select tag_id from project_tags where project_tags.project_id = projects.id order by tag_id))`.mapWith((text: string) => JSON.parse(text) as string[]);

/** The tags themselves, by name. */
export const tagsOfProject = sql`(
  select json_group_array(json_object('id', id, 'name', name, 'color', color, 'createdAt', created_at, 'updatedAt', updated_at))
  from (select tags.* from project_tags inner join tags on tags.id = project_tags.tag_id where project_tags.project_id = projects.id order by tags.name)
)`.mapWith((text: string) => JSON.parse(text) as TagRow[]);

/** False when there are `most` of them. @throws Error when the name is taken */
export async function insertTag({ orm }: Db, { id, name, color, createdAt, updatedAt }: TagRow, most: number): Promise<boolean> {
  const { rowsAffected } = await orm.insert(tags).select(sql`select ${id}, ${name}, ${color}, ${createdAt}, ${updatedAt} where (select count(*) from tags) < ${most}`);
  return rowsAffected > 0;
}

export async function findTag({ orm }: Db, id: string): Promise<TagRow | undefined> {
  return orm.select().from(tags).where(eq(tags.id, id)).get();
}

/** Those of them that there are. */
export async function listTagIds({ orm }: Db, ids: readonly string[]): Promise<string[]> {
  const rows = await orm.select({ id: tags.id }).from(tags).where(inArray(tags.id, [...ids]));
  return rows.map(({ id }) => id);
}

export async function listTags({ orm }: Db, page: { after: string; limit: number }): Promise<TagRow[]> {
  return orm.select().from(tags).where(gt(tags.id, page.after)).orderBy(asc(tags.id)).limit(page.limit);
}

/** No two changes leave the same `updatedAt`, however soon they follow one another. @throws Error when the name is taken */
export async function updateTag({ orm }: Db, id: string, changes: Partial<TagRow>, now: number): Promise<TagRow | undefined> {
  return orm.update(tags).set({ ...changes, updatedAt: sql`max(${now}, ${tags.updatedAt} + 1)` }).where(eq(tags.id, id)).returning().get();
}

export async function deleteTag({ orm }: Db, id: string): Promise<boolean> {
  const { rowsAffected } = await orm.delete(tags).where(eq(tags.id, id));
  return rowsAffected > 0;
}

/** One that the project has already stays. Nothing happens where project or tag are not there, or the project has `most` of them. */
export async function insertProjectTag({ orm }: Db, { projectId, tagId, now, most }: { projectId: string; tagId: string; now: number; most: number }): Promise<void> {
  await orm
    .insert(projectTags)
    .select(sql`select projects.id, tags.id, ${now} from projects, tags where projects.id = ${projectId} and tags.id = ${tagId} and (select count(*) from project_tags where project_id = ${projectId}) < ${most}`)
    .onConflictDoNothing();
}

/** Of those named, as many as there are by then: the project has no others after it. */
export async function replaceProjectTags(db: Db, { projectId, tagIds, now }: { projectId: string; tagIds: readonly string[]; now: number }): Promise<void> {
  const wanted = sql`(select value from json_each(${JSON.stringify(tagIds)}))`;
  await batch(db, [
    db.orm.delete(projectTags).where(and(eq(projectTags.projectId, projectId), sql`tag_id not in ${wanted}`)),
    db.orm.insert(projectTags).select(sql`select projects.id, tags.id, ${now} from projects, tags where projects.id = ${projectId} and tags.id in ${wanted}`).onConflictDoNothing(),
  ]);
}

export async function deleteProjectTag({ orm }: Db, projectId: string, tagId: string): Promise<boolean> {
  const { rowsAffected } = await orm.delete(projectTags).where(and(eq(projectTags.projectId, projectId), eq(projectTags.tagId, tagId)));
  return rowsAffected > 0;
}
