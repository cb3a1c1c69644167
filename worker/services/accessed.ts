/** What is shared with people, spelled out: the projects and apps that shares name, and what is in those projects. Administrators reach everything without, and nothing is told of them. */
import type { Grant } from '../../shared/api/auth.ts';
import type { ShareRole } from '../../shared/api/shares.ts';
import { AppError } from '../../shared/errors.ts';
import { isId } from '../../shared/names.ts';
import { listContents, listDirectShares, listSharesByTeam, listSharesOfUsers, replaceSharesOfMember, type Share } from '../store/shares.ts';
import type { Actor } from './actor.ts';
import { appendAudit, byActor } from './audit.ts';
import type { Context } from './context.ts';
import { endLostStreams } from './stream-holders.ts';

export interface Accessed {
  projects: string[];
  /** All of those projects. */
  environments: string[];
  /** Those that are shared, and all of those projects. */
  apps: string[];
}

/** By the user's id, for users that are there. */
export async function readAccessed(ctx: Context, userIds: readonly string[]): Promise<ReadonlyMap<string, Accessed>> {
  const found = await listSharesOfUsers(ctx.db, userIds);
  const contents = await listContents(ctx.db, projectsOf(found.flatMap(({ shares }) => shares)));
  return new Map(
    found.map(({ id, shares }) => {
      const projects = projectsOf(shares);
      const within = contents.filter(({ projectId }) => projects.includes(projectId)).map((thing) => thing.id);
      const apps = new Set([...shares.map(([shared]) => shared), ...within].filter((one) => isId('app', one)));
      return [id, { projects, environments: within.filter((one) => isId('environment', one)), apps: [...apps] }];
    }),
  );
}

function projectsOf(shares: readonly Share[]): string[] {
  return [...new Set(shares.map(([id]) => id).filter((id) => isId('project', id)))];
}

/** The projects and apps that reach a user by a team, and so are no one person's to lose. */
export function readByTeam(ctx: Context, userId: string): Promise<string[]> {
  return listSharesByTeam(ctx.db, userId);
}

interface Assigned {
  userId: string;
  grant: Grant;
  isGranted: boolean;
  projects: readonly string[];
  apps: readonly { id: string; projectId: string }[];
}

/**
 * What is shared with a member from now on, and one of their grants: all of it or nothing. What was shared with them before stays as it was; what is new is for developers, unless its project was for a viewer.
 * @throws AppError user_not_found when there is no such member
 */
export async function assignAccess(ctx: Context, actor: Actor, { userId, grant, isGranted, projects, apps }: Assigned): Promise<void> {
  const [[found], direct] = await Promise.all([listSharesOfUsers(ctx.db, [userId]), listDirectShares(ctx.db, userId)]);
  const known = new Map(found?.shares);
  const roleOf = (projectId: string): ShareRole => new Map(direct).get(projectId) ?? 'developer';
  const added = [
    ...projects.map((projectId) => ({ key: projectId, shared: { projectId }, role: 'developer' as const })),
    ...apps.filter(({ projectId }) => !projects.includes(projectId)).map(({ id, projectId }) => ({ key: id, shared: { appId: id }, role: roleOf(projectId) })),
  ].filter(({ key }) => !known.has(key));
  const isThere = await replaceSharesOfMember(ctx.db, userId, {
    grant,
    isGranted,
    kept: [...projects, ...apps.map(({ id }) => id)],
    added: added.map(({ shared, role }) => ({ id: ctx.newId('share'), shared, role })),
    now: ctx.clock(),
  });
  if (!isThere) throw new AppError('user_not_found');
  endLostStreams(ctx, userId);
  await appendAudit(ctx, [{ ...byActor(actor), action: 'user.assign_access', target: userId, detail: { [grant]: isGranted, projects, apps: apps.map(({ id }) => id) } }]);
}
