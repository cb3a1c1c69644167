/** Tags are the instance's, kept by administrators, for everybody to find projects by. Which ones a project has is a change of the project: it comes from the access check. */
import type { PageQuery } from '../../shared/api/common.ts';
import { mostTags, mostTagsOfProject, type CreateTag, type UpdateTag } from '../../shared/api/tags.ts';
import { AppError } from '../../shared/errors.ts';
import { isUniqueViolation } from '../store/db.ts';
import { findProject, type ProjectView } from '../store/projects.ts';
import type { TagRow } from '../store/tag-schema.ts';
import { deleteProjectTag, deleteTag, findTag, insertProjectTag, insertTag, listTagIds, listTags, replaceProjectTags, updateTag } from '../store/tags.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';

/** @throws AppError tag_exists, too_many_tags */
export async function createTag(ctx: Context, input: CreateTag): Promise<TagRow> {
  const now = ctx.clock();
  const row: TagRow = { id: ctx.newId('tag'), ...input, createdAt: now, updatedAt: now };
  if (!(await uniquelyNamed(insertTag(ctx.db, row, mostTags)))) throw new AppError('too_many_tags', { detail: `There are ${mostTags} at most.` });
  return row;
}

export function readTags(ctx: Context, query: PageQuery): Promise<Page<TagRow>> {
  return readPage('tag', query, (after = '', limit) => listTags(ctx.db, { after, limit }));
}

/** @throws AppError tag_not_found */
export async function readTag(ctx: Context, id: string): Promise<TagRow> {
  const row = await findTag(ctx.db, id);
  if (row === undefined) throw new AppError('tag_not_found');
  return row;
}

/** @throws AppError tag_not_found, tag_exists */
export async function changeTag(ctx: Context, id: string, changes: UpdateTag): Promise<TagRow> {
  const row = await uniquelyNamed(updateTag(ctx.db, id, changes, ctx.clock()));
  if (row === undefined) throw new AppError('tag_not_found');
  return row;
}

async function uniquelyNamed<T>(written: Promise<T>): Promise<T> {
  try {
    return await written;
  } catch (error) {
    if (!isUniqueViolation(error, 'tags.name')) throw error;
    throw new AppError('tag_exists', { errors: [{ pointer: '/name', code: 'tag_exists', detail: 'Another tag has this name.' }] });
  }
}

/** Of all projects that have it. @throws AppError tag_not_found */
export async function removeTag(ctx: Context, id: string): Promise<void> {
  if (!(await deleteTag(ctx.db, id))) throw new AppError('tag_not_found');
}

/** @throws AppError tag_not_found, too_many_tags, project_not_found when it has just been deleted */
export async function addProjectTag(ctx: Context, project: ProjectView, tagId: string): Promise<ProjectView> {
  await insertProjectTag(ctx.db, { projectId: project.id, tagId, now: ctx.clock(), most: mostTagsOfProject });
  const changed = await readAgain(ctx, project);
  if (changed.tags.includes(tagId)) return changed;
  await readTag(ctx, tagId);
  throw new AppError('too_many_tags', { detail: `A project has ${mostTagsOfProject} tags at most.` });
}

/** The project has these and no others. @throws AppError tag_not_found: then nothing is changed; project_not_found when it has just been deleted */
export async function changeProjectTags(ctx: Context, project: ProjectView, tagIds: readonly string[]): Promise<ProjectView> {
  const known = await listTagIds(ctx.db, tagIds);
  const errors = tagIds.flatMap((id, index) => (known.includes(id) ? [] : [{ pointer: `/tags/${index}`, code: 'tag_not_found' as const, detail: 'There is no such tag.' }]));
  if (errors.length > 0) throw new AppError('tag_not_found', { errors });
  await replaceProjectTags(ctx.db, { projectId: project.id, tagIds, now: ctx.clock() });
  return readAgain(ctx, project);
}

/** @throws AppError tag_not_found: also of one that the project does not have */
export async function removeProjectTag(ctx: Context, project: ProjectView, tagId: string): Promise<void> {
  if (!(await deleteProjectTag(ctx.db, project.id, tagId))) throw new AppError('tag_not_found');
}

async function readAgain(ctx: Context, { id }: ProjectView): Promise<ProjectView> {
  const project = await findProject(ctx.db, id);
  if (project === undefined) throw new AppError('project_not_found');
  return project;
}
