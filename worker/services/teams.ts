import type { PageQuery } from '../../shared/api/common.ts';
import type { CreateTeam, UpdateTeam } from '../../shared/api/teams.ts';
import { AppError } from '../../shared/errors.ts';
import { deleteTeam, deleteTeamMember, findTeam, insertTeam, insertTeamMember, listTeams, updateTeam, type TeamView } from '../store/teams.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';
import { endLostStreams } from './stream-holders.ts';

export async function createTeam(ctx: Context, { name }: CreateTeam): Promise<TeamView> {
  const now = ctx.clock();
  const row = { id: ctx.newId('team'), name, createdAt: now, updatedAt: now };
  await insertTeam(ctx.db, row);
  return { ...row, members: [] };
}

export function readTeams(ctx: Context, query: PageQuery): Promise<Page<TeamView>> {
  return readPage('team', query, (after = '', limit) => listTeams(ctx.db, { after, limit }));
}

/** @throws AppError team_not_found */
export async function readTeam(ctx: Context, id: string): Promise<TeamView> {
  const team = await findTeam(ctx.db, id);
  if (team === undefined) throw new AppError('team_not_found');
  return team;
}

export async function changeTeam(ctx: Context, id: string, changes: UpdateTeam): Promise<TeamView> {
  await updateTeam(ctx.db, id, { ...changes, updatedAt: ctx.clock() });
  return readTeam(ctx, id);
}

/** What was shared with the team stays where it is, and its members no longer reach it. */
export async function removeTeam(ctx: Context, id: string): Promise<void> {
  if (!(await deleteTeam(ctx.db, id))) throw new AppError('team_not_found');
  endLostStreams(ctx, null);
}

/** From the next call of the user on. @throws AppError team_not_found, user_not_found */
export async function addTeamMember(ctx: Context, teamId: string, userId: string): Promise<TeamView> {
  await insertTeamMember(ctx.db, { teamId, userId, now: ctx.clock() });
  const team = await readTeam(ctx, teamId);
  if (!team.members.includes(userId)) throw new AppError('user_not_found');
  return team;
}

/** @throws AppError team_not_found, user_not_found: also of a user who is not in the team */
export async function removeTeamMember(ctx: Context, teamId: string, userId: string): Promise<void> {
  if (await deleteTeamMember(ctx.db, teamId, userId)) return endLostStreams(ctx, userId);
  await readTeam(ctx, teamId);
  throw new AppError('user_not_found');
}
