import type { CreateUser, Role, UpdateUser } from '../../shared/api/auth.ts';
import type { PageQuery } from '../../shared/api/common.ts';
import { AppError } from '../../shared/errors.ts';
import { isUniqueViolation } from '../store/db.ts';
import { hasProjects } from '../store/projects.ts';
import type { UserRow } from '../store/schema.ts';
import { deleteUser, findUser, insertUser, listUsers, moveOwnership, updateUser } from '../store/users.ts';
import type { Actor } from './actor.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';
import { endLostStreams } from './stream-holders.ts';

export async function createUser(ctx: Context, input: Omit<CreateUser, 'role'> & { role: Role }): Promise<UserRow> {
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

/** From the next call on. @throws AppError user_not_found, owner_protected, last_administrator */
export async function changeUser(ctx: Context, id: string, changes: UpdateUser): Promise<UserRow> {
  const row = await updateUser(ctx.db, id, changes);
  if (row === undefined) throw await whyNot(ctx, id);
  endLostStreams(ctx, id);
  return row;
}

/** Of an instance there is one owner at all times, so nobody stops being it but by this. The one before goes on as an administrator. @throws AppError user_not_found, forbidden when somebody else is the owner by now */
export async function makeOwner(ctx: Context, actor: Actor, id: string): Promise<UserRow> {
  if (id !== actor.user.id && !(await moveOwnership(ctx.db, actor.user.id, id))) throw new AppError((await findUser(ctx.db, id)) === undefined ? 'user_not_found' : 'forbidden');
  const row = await findUser(ctx.db, id);
  if (row === undefined) throw new AppError('user_not_found');
  return row;
}

/** Why somebody was neither changed nor deleted. */
async function whyNot(ctx: Context, id: string): Promise<AppError> {
  const row = await findUser(ctx.db, id);
  if (row?.role === 'owner') return new AppError('owner_protected', { detail: 'The owner hands the instance over first: POST /api/v1/users/{userId}/make-owner, on a login session.' });
  return new AppError(row === undefined ? 'user_not_found' : 'last_administrator');
}

export async function removeUser(ctx: Context, id: string): Promise<void> {
  const row = await findUser(ctx.db, id);
  if (row === undefined || row.role === 'owner') throw await whyNot(ctx, id);
  if (await hasProjects(ctx.db, id)) throw new AppError('project_not_empty', { detail: 'The user still owns projects: delete them first.' });
  if (!(await deleteUser(ctx.db, id))) throw await whyNot(ctx, id);
  endLostStreams(ctx, id);
}
