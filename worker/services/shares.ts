/** Who reaches a project or an app besides its owner. The thing comes from the access check, which has let in only who may share it. */
import type { PageQuery } from '../../shared/api/common.ts';
import type { GrantAccess } from '../../shared/api/shares.ts';
import { AppError } from '../../shared/errors.ts';
import { isId } from '../../shared/names.ts';
import type { AppView } from '../store/apps.ts';
import type { ProjectRow } from '../store/schema.ts';
import { deleteShare, listShares, putShare, type Holder, type NamedShare, type Shared } from '../store/shares.ts';
import { findTeam } from '../store/teams.ts';
import { findUser } from '../store/users.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';
import { endLostStreams } from './stream-holders.ts';

export const sharedProject = ({ id }: ProjectRow): Shared => ({ projectId: id });
export const sharedApp = ({ id }: AppView): Shared => ({ appId: id });

export async function readShares(ctx: Context, shared: Shared, query: PageQuery): Promise<Page<NamedShare>> {
  const read = async (after = '', limit: number) => (await listShares(ctx.db, shared, { after, limit })).map((named) => ({ id: named.share.id, named }));
  const { data, next_cursor } = await readPage('share', query, read);
  return { data: data.map(({ named }) => named), next_cursor };
}

/** From the next call of whoever it is on. @throws AppError user_not_found, team_not_found */
export async function share(ctx: Context, shared: Shared, { holderId, role }: GrantAccess & { holderId: string }): Promise<NamedShare> {
  const holder = toHolder(holderId);
  const name = 'userId' in holder ? (await findUser(ctx.db, holder.userId))?.email : (await findTeam(ctx.db, holder.teamId))?.name;
  const row = name === undefined ? undefined : await putShare(ctx.db, { shared, holder, role, id: ctx.newId('share'), now: ctx.clock() });
  if (name === undefined || row === undefined) throw notFound(holder);
  // The role may be less than the one before.
  endLostStreams(ctx, 'userId' in holder ? holder.userId : null);
  return { share: row, name };
}

/** @throws AppError user_not_found, team_not_found: also of one that it is not shared with */
export async function unshare(ctx: Context, shared: Shared, holderId: string): Promise<void> {
  const holder = toHolder(holderId);
  if (!(await deleteShare(ctx.db, shared, holder))) throw notFound(holder);
  endLostStreams(ctx, 'userId' in holder ? holder.userId : null);
}

/** An id says itself of what it is. */
function toHolder(id: string): Holder {
  return isId('team', id) ? { teamId: id } : { userId: id };
}

function notFound(holder: Holder): AppError {
  return new AppError('userId' in holder ? 'user_not_found' : 'team_not_found');
}
