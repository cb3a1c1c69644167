import type { PageQuery } from '../../shared/api/common.ts';
import type { CreateProject, UpdateProject } from '../../shared/api/projects.ts';
import { AppError } from '../../shared/errors.ts';
import { deleteEmptyProject, insertProject, listProjects, updateProject, type ProjectView } from '../store/projects.ts';
import type { ProjectRow } from '../store/schema.ts';
import { requireNewProjects } from './access.ts';
import { listFilter, type Actor } from './actor.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';

export async function createProject(ctx: Context, actor: Actor, input: CreateProject): Promise<ProjectView> {
  const row = newProject(ctx, actor, input);
  await insertProject(ctx.db, row);
  return { ...row, tags: [] };
}

/** As a row that is not written yet. @throws AppError scope_missing */
export function newProject(ctx: Context, actor: Actor, input: CreateProject): ProjectRow {
  requireNewProjects(actor);
  const now = ctx.clock();
  return { id: ctx.newId('project'), ownerId: actor.user.id, ...input, createdAt: now, updatedAt: now };
}

export function readProjects(ctx: Context, actor: Actor, query: PageQuery): Promise<Page<ProjectView>> {
  return readPage('project', query, (after = '', limit) => listProjects(ctx.db, listFilter(actor), { after, limit }));
}

export async function changeProject(ctx: Context, project: ProjectRow, input: UpdateProject): Promise<ProjectView> {
  const row = await updateProject(ctx.db, project.id, input, ctx.clock());
  if (row === undefined) throw new AppError('project_not_found');
  return row;
}

export async function removeProject(ctx: Context, project: ProjectRow): Promise<void> {
  if (!(await deleteEmptyProject(ctx.db, project.id))) throw new AppError('project_not_empty', { detail: 'Delete its apps first.' });
}
