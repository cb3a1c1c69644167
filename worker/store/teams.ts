import { and, asc, eq, gt, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { teamMembers, teams, type TeamRow } from './schema.ts';

/** A team with the ids of who is in it. */
export interface TeamView extends TeamRow {
  members: string[];
}

const members = sql`(select json_group_array(user_id) from (select user_id from team_members where team_members.team_id = teams.id order by user_id))`.mapWith((text: string) => JSON.parse(text) as string[]);

const view = { id: teams.id, name: teams.name, createdAt: teams.createdAt, updatedAt: teams.updatedAt, members };

export async function insertTeam({ orm }: Db, row: TeamRow): Promise<void> {
  await orm.insert(teams).values(row);
}

export async function findTeam({ orm }: Db, id: string): Promise<TeamView | undefined> {
  return orm.select(view).from(teams).where(eq(teams.id, id)).get();
}

export async function listTeams({ orm }: Db, page: { after: string; limit: number }): Promise<TeamView[]> {
  return orm.select(view).from(teams).where(gt(teams.id, page.after)).orderBy(asc(teams.id)).limit(page.limit);
}

export async function updateTeam({ orm }: Db, id: string, changes: Partial<TeamRow>): Promise<void> {
  await orm.update(teams).set(changes).where(eq(teams.id, id));
}

export async function deleteTeam({ orm }: Db, id: string): Promise<boolean> {
  const { rowsAffected } = await orm.delete(teams).where(eq(teams.id, id));
  return rowsAffected > 0;
}

/** Whoever is in it already stays. Nothing happens where team or user are not there. */
export async function insertTeamMember({ orm }: Db, { teamId, userId, now }: { teamId: string; userId: string; now: number }): Promise<void> {
  await orm
    .insert(teamMembers)
    .select(sql`select teams.id, users.id, ${now} from teams, users where teams.id = ${teamId} and users.id = ${userId}`)
    .onConflictDoNothing();
}

export async function deleteTeamMember({ orm }: Db, teamId: string, userId: string): Promise<boolean> {
  const { rowsAffected } = await orm.delete(teamMembers).where(and(eq(teamMembers.teamId, teamId), eq(teamMembers.userId, userId)));
  return rowsAffected > 0;
}
