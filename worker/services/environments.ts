import type { PageQuery } from '../../shared/api/common.ts';
import type { CreateEnvironment, UpdateEnvironment } from '../../shared/api/environments.ts';
import { AppError } from '../../shared/errors.ts';
import { defaultEnvironmentId } from '../../shared/names.ts';
import { isUniqueViolation } from '../store/db.ts';
import { deleteEmptyEnvironment, findEnvironment, findPlace, insertEnvironment, listEnvironments, updateEnvironment } from '../store/environments.ts';
import type { AppRow, EnvironmentRow, ProjectRow } from '../store/schema.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';

/** @throws AppError environment_exists */
export async function createEnvironment(ctx: Context, project: ProjectRow, input: CreateEnvironment): Promise<EnvironmentRow> {
  const row = newEnvironment(ctx, project.id, input);
  await uniquelyNamed(insertEnvironment(ctx.db, row));
  return row;
}

/** As a row that is not written yet. */
export function newEnvironment(ctx: Context, projectId: string, input: CreateEnvironment): EnvironmentRow {
  const now = ctx.clock();
  return { id: ctx.newId('environment'), projectId, ...input, createdAt: now, updatedAt: now };
}

export function readEnvironments(ctx: Context, project: ProjectRow, query: PageQuery): Promise<Page<EnvironmentRow>> {
  return readPage('environment', query, (after = '', limit) => listEnvironments(ctx.db, project.id, { after, limit }));
}

/** @throws AppError environment_exists */
export async function changeEnvironment(ctx: Context, environment: EnvironmentRow, input: UpdateEnvironment): Promise<EnvironmentRow> {
  const row = await uniquelyNamed(updateEnvironment(ctx.db, environment.id, input, ctx.clock()));
  if (row === undefined) throw new AppError('environment_not_found');
  return row;
}

/** Around a write of an environment. @throws AppError environment_exists */
export async function uniquelyNamed<T>(written: Promise<T>): Promise<T> {
  try {
    return await written;
  } catch (error) {
    if (!isUniqueViolation(error, 'environments.name')) throw error;
    throw new AppError('environment_exists', { errors: [{ pointer: '/name', code: 'environment_exists', detail: 'Another environment of the project has this name.' }] });
  }
}

/** @throws AppError environment_is_default, environment_not_empty */
export async function removeEnvironment(ctx: Context, environment: EnvironmentRow): Promise<void> {
  if (isDefault(environment)) throw new AppError('environment_is_default', { detail: 'It goes with its project.' });
  if (!(await deleteEmptyEnvironment(ctx.db, environment.id))) throw new AppError('environment_not_empty', { detail: 'Delete its apps first, or move them: PATCH /api/v1/apps/{appId} with `environment_id`.' });
}

export function isDefault({ id, projectId }: EnvironmentRow): boolean {
  return id === defaultEnvironmentId(projectId);
}

export function environmentOf({ environmentId, projectId }: Pick<AppRow, 'environmentId' | 'projectId'>): string {
  return environmentId ?? defaultEnvironmentId(projectId);
}

/** Where an app is. @throws AppError environment_not_found when it has just been deleted */
export async function readPlace(ctx: Context, app: Pick<AppRow, 'environmentId' | 'projectId'>): Promise<{ environment: EnvironmentRow; project: ProjectRow }> {
  const place = await findPlace(ctx.db, environmentOf(app));
  if (place === undefined) throw new AppError('environment_not_found');
  return place;
}

/** As a column of an app: null is the default one. */
export function toEnvironmentColumn(projectId: string, id: string): string | null {
  return id === defaultEnvironmentId(projectId) ? null : id;
}

/** As `toEnvironmentColumn`. @throws AppError environment_not_found when it is not of this project */
export async function placeInEnvironment(ctx: Context, projectId: string, id: string | undefined): Promise<string | null> {
  if (id === undefined || toEnvironmentColumn(projectId, id) === null) return null;
  if ((await findEnvironment(ctx.db, id))?.projectId === projectId) return id;
  throw new AppError('environment_not_found', { errors: [{ pointer: '/environment_id', code: 'environment_not_found', detail: 'The project has no such environment.' }] });
}
