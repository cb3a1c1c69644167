import { and, asc, eq, gt, inArray, notInArray, sql, type SQL } from 'drizzle-orm';
import type { Grant } from '../../shared/api/auth.ts';
import { batch, type Db } from './db.ts';
import { apps, environments, projects, shares, teamMembers, teams, users, type ShareRow } from './schema.ts';

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

/** Of one row of `shares`. */
const sharedId = sql<string>`coalesce(${shares.projectId}, ${shares.appId})`;

/** What is shared with each of some users, directly or with a team of theirs. */
export async function listSharesOfUsers({ orm }: Db, userIds: readonly string[]): Promise<{ id: string; shares: Share[] }[]> {
  return orm.select({ id: users.id, shares: sharesOfUser }).from(users).where(inArray(users.id, [...userIds]));
}

/** What is shared with a user directly. */
export async function listDirectShares({ orm }: Db, userId: string): Promise<Share[]> {
  const rows = await orm.select({ id: sharedId, role: shares.role }).from(shares).where(eq(shares.userId, userId));
  return rows.map(({ id, role }) => [id, role]);
}

/** The ids of what is shared with teams of a user. */
export async function listSharesByTeam({ orm }: Db, userId: string): Promise<string[]> {
  const theirs = orm.select({ id: teamMembers.teamId }).from(teamMembers).where(eq(teamMembers.userId, userId));
  const rows = await orm.selectDistinct({ id: sharedId }).from(shares).where(inArray(shares.teamId, theirs));
  return rows.map(({ id }) => id);
}

/** The ids of all that is in some projects. */
export async function listContents({ orm }: Db, projectIds: readonly string[]): Promise<{ id: string; projectId: string }[]> {
  const of = [...projectIds];
  return orm
    .select({ id: environments.id, projectId: environments.projectId })
    .from(environments)
    .where(inArray(environments.projectId, of))
    .unionAll(orm.select({ id: apps.id, projectId: apps.projectId }).from(apps).where(inArray(apps.projectId, of)));
}

interface Replacement {
  /** Whether they have this grant from now on. */
  grant: Grant;
  isGranted: boolean;
  /** Projects and apps: what of them is shared with the user directly stays as it is, and nothing else does. */
  kept: readonly string[];
  added: readonly { id: string; shared: Shared; role: ShareRow['role'] }[];
  now: number;
}

/** All of it or nothing. False when there is no such user, or an administrator, who reaches everything without. */
export async function replaceSharesOfMember(db: Db, userId: string, { grant, isGranted, kept, added, now }: Replacement): Promise<boolean> {
  const { orm } = db;
  const others = sql`select value from json_each(${users.grants}) where value <> ${grant}`;
  const grants = isGranted ? sql`(select json_group_array(value) from (${others} union all select ${grant}))` : sql`(select json_group_array(value) from (${others}))`;
  const isMember = sql`exists (select 1 from users where id = ${userId} and role = 'member')`;
  const [changed = 0] = await batch(db, [
    orm.update(users).set({ grants }).where(and(eq(users.id, userId), eq(users.role, 'member'))),
    orm.delete(shares).where(and(eq(shares.userId, userId), notInArray(sharedId, [...kept]), isMember)),
    ...added.map(({ id, shared, role }) => insertShare(db, { shared, holder: { userId }, role, id, now }, isMember).onConflictDoNothing()),
  ]);
  return changed > 0;
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
export async function putShare(db: Db, wanted: Wanted): Promise<ShareRow | undefined> {
  const { shared, holder, role } = wanted;
  const target = ['userId' in holder ? shares.userId : shares.teamId, 'projectId' in shared ? shares.projectId : shares.appId];
  return insertShare(db, wanted).onConflictDoUpdate({ target, set: { role } }).returning().get();
}

/** Of what is there. */
function insertShare({ orm }: Db, { shared, holder, role, id, now }: Wanted, isAllowed: SQL = sql`true`) {
  const { userId = null, teamId = null } = holder as { userId?: string; teamId?: string };
  const { projectId = null, appId = null } = shared as { projectId?: string; appId?: string };
  const isThere = sql`exists (select 1 from ${userId === null ? teams : users} where id = ${userId ?? teamId}) and exists (select 1 from ${projectId === null ? apps : projects} where id = ${projectId ?? appId})`;
  return orm.insert(shares).select(sql`select ${id}, ${userId}, ${teamId}, ${projectId}, ${appId}, ${role}, ${now} where ${isThere} and ${isAllowed}`);
}

export async function deleteShare({ orm }: Db, shared: Shared, holder: Holder): Promise<boolean> {
  const { rowsAffected } = await orm.delete(shares).where(and(isOf(shared), 'userId' in holder ? eq(shares.userId, holder.userId) : eq(shares.teamId, holder.teamId)));
  return rowsAffected > 0;
}

function isOf(shared: Shared): SQL {
  return 'projectId' in shared ? eq(shares.projectId, shared.projectId) : eq(shares.appId, shared.appId);
}
