import type { CreateUser, UpdateUser } from '../../shared/api/auth.ts';
import type { PageQuery } from '../../shared/api/common.ts';
import { AppError } from '../../shared/errors.ts';
import { isUniqueViolation } from '../store/db.ts';
import { hasProjects } from '../store/projects.ts';
import type { UserRow } from '../store/schema.ts';
import { deleteUser, findUser, insertUser, listUsers, updateUser } from '../store/users.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';

export async function createUser(ctx: Context, input: CreateUser): Promise<UserRow> {
  const row: UserRow = {
    id: ctx.newId('user'),
    email: input.email.toLowerCase(),
    passwordHash: await ctx.passwords.hash(input.password),
    role: input.role,
    grants: input.grants,
    hasSecondFactor: false,
    createdAt: ctx.clock(),
  };
  try {
    await insertUser(ctx.db, row);
  } catch (error) {
    if (!isUniqueViolation(error, 'users.email')) throw error;
    throw new AppError('email_taken', { errors: [{ pointer: '/email', code: 'email_taken', detail: 'Another user has this address.' }] });
  }
  return row;
}

/** @throws AppError user_not_found */
export async function readUser(ctx: Context, id: string): Promise<UserRow> {
  const user = await findUser(ctx.db, id);
  if (user === undefined) throw new AppError('user_not_found');
  return user;
}

export function readUsers(ctx: Context, query: PageQuery): Promise<Page<UserRow>> {
  return readPage('user', query, (after = '', limit) => listUsers(ctx.db, { after, limit }));
}

/** From the next call on. @throws AppError user_not_found, last_administrator */
export async function changeUser(ctx: Context, id: string, changes: UpdateUser): Promise<UserRow> {
  const row = await updateUser(ctx.db, id, changes);
  if (row === undefined) throw new AppError((await findUser(ctx.db, id)) === undefined ? 'user_not_found' : 'last_administrator');
  return row;
}

export async function removeUser(ctx: Context, id: string): Promise<void> {
  if ((await findUser(ctx.db, id)) === undefined) throw new AppError('user_not_found');
  if (await hasProjects(ctx.db, id)) throw new AppError('project_not_empty', { detail: 'The user still owns projects: delete them first.' });
  if (!(await deleteUser(ctx.db, id))) throw new AppError((await findUser(ctx.db, id)) === undefined ? 'user_not_found' : 'last_administrator');
}
