import { and, asc, eq, gt, sql, type SQL } from 'drizzle-orm';
import type { Db } from './db.ts';
import { apps, projects, shares, teams, users, type ShareRow } from './schema.ts';

/** What one row gives a caller: the id of a project or an app, and as what. */
export type Share = [id: string, role: ShareRow['role']];

/**
 * A column of a statement that reads `users`: what is shared with the user, directly or with a team of theirs. Administrators reach everything without.
 * In plain words, because drizzle leaves the table out of column names where there is one table, and here are two.
 */
export const sharesOfUser: SQL<Share[]> = sql`(
  select case when users.role <> 'member' then '[]' else (
    select json_group_array(json_array(coalesce(shares.project_id, shares.app_id), shares.role)) from shares
    where shares.user_id = users.id or shares.team_id in (select team_members.team_id from team_members where team_members.user_id = users.id)
  ) end
)`.mapWith((text: string) => JSON.parse(text) as Share[]) as SQL<Share[]>;

/** What is shared, and with whom. */
export type Shared = { projectId: string } | { appId: string };
export type Holder = { userId: string } | { teamId: string };

export interface NamedShare {
  share: ShareRow;
  /** Of the user the address, of the team the name. */
  name: string;
}

export async function listShares({ orm }: Db, shared: Shared, page: { after: string; limit: number }): Promise<NamedShare[]> {
  return orm
    .select({ share: shares, name: sql<string>`coalesce(${users.email}, ${teams.name})` })
    .from(shares)
    .leftJoin(users, eq(users.id, shares.userId))
    .leftJoin(teams, eq(teams.id, shares.teamId))
    .where(and(isOf(shared), gt(shares.id, page.after)))
    .orderBy(asc(shares.id))
    .limit(page.limit);
}

interface Wanted {
  shared: Shared;
  holder: Holder;
  role: ShareRow['role'];
  /** Of a new one. */
  id: string;
  now: number;
}

/** Makes it, or changes its role. Undefined when there is no such holder, or the shared thing has just gone. */
export async function putShare({ orm }: Db, { shared, holder, role, id, now }: Wanted): Promise<ShareRow | undefined> {
  const { userId = null, teamId = null } = holder as { userId?: string; teamId?: string };
  const { projectId = null, appId = null } = shared as { projectId?: string; appId?: string };
  const isThere = sql`exists (select 1 from ${userId === null ? teams : users} where id = ${userId ?? teamId}) and exists (select 1 from ${projectId === null ? apps : projects} where id = ${projectId ?? appId})`;
  return orm
    .insert(shares)
    .select(sql`select ${id}, ${userId}, ${teamId}, ${projectId}, ${appId}, ${role}, ${now} where ${isThere}`)
    .onConflictDoUpdate({ target: [userId === null ? shares.teamId : shares.userId, projectId === null ? shares.appId : shares.projectId], set: { role } })
    .returning()
    .get();
}

export async function deleteShare({ orm }: Db, shared: Shared, holder: Holder): Promise<boolean> {
  const { rowsAffected } = await orm.delete(shares).where(and(isOf(shared), 'userId' in holder ? eq(shares.userId, holder.userId) : eq(shares.teamId, holder.teamId)));
  return rowsAffected > 0;
}

function isOf(shared: Shared): SQL {
  return 'projectId' in shared ? eq(shares.projectId, shared.projectId) : eq(shares.appId, shared.appId);
}
