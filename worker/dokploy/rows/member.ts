/** Users as members of the one organization. */
import { z } from 'zod';
import type { Accessed } from '../../services/accessed.ts';
import type { ApiKeyRow, UserRow } from '../../store/schema.ts';
import { fixed, flag, organizationId, text, textOrNull, time, toTime } from '../fields.ts';

/** Every member has these rights over what is theirs, and nobody but an administrator those. */
export const givenRights = fixed(flag, true, ['canCreateProjects', 'canCreateServices', 'canDeleteProjects', 'canDeleteServices', 'canCreateEnvironments', 'canDeleteEnvironments']);
export const absentRights = fixed(flag, false, ['canAccessToDocker', 'canAccessToTraefikFiles', 'canAccessToSSHKeys', 'canAccessToGitProviders']);
export const absentLists = fixed(z.array(text), [], ['accessedGitProviders', 'accessedServers']);
const absentNames = fixed(text, '', ['firstName', 'lastName']);

export const apiKeyRow = z.object({
  id: text,
  name: text,
  start: text.meta({ description: 'The first characters of the key.' }),
  userId: text,
  enabled: flag,
  expiresAt: time.nullable(),
  lastRequest: time.nullable(),
  createdAt: time,
});

export function toApiKeyRow(row: ApiKeyRow): z.infer<typeof apiKeyRow> {
  const { id, name, prefix, userId, expiresAt, lastUsedAt, createdAt } = row;
  return { id, name, start: prefix, userId, enabled: true, expiresAt: expiresAt === null ? null : toTime(expiresAt), lastRequest: lastUsedAt === null ? null : toTime(lastUsedAt), createdAt: toTime(createdAt) };
}

const memberUser = z.object({
  id: text,
  email: text,
  emailVerified: flag,
  twoFactorEnabled: flag,
  isRegistered: flag,
  createdAt: time,
  ...absentNames.shape,
  image: textOrNull,
});

export const memberRow = z.object({
  id: text,
  userId: text,
  organizationId: text,
  role: z.enum(['owner', 'admin', 'member']),
  createdAt: time,
  isDefault: flag,
  teamId: textOrNull,
  canAccessToAPI: flag,
  accessedProjects: z.array(text).meta({ description: 'Projects that are shared with the user, directly or with a team.' }),
  accessedEnvironments: z.array(text).meta({ description: 'Those of the projects that are shared.' }),
  accessedServices: z.array(text).meta({ description: 'Applications that are shared, and all of the projects that are.' }),
  ...givenRights.shape,
  ...absentRights.shape,
  ...absentLists.shape,
  user: memberUser,
});
export type MemberRow = z.infer<typeof memberRow>;

const none: Accessed = { projects: [], environments: [], apps: [] };

/** @param accessed what is shared with the user */
export function toMember(user: UserRow, accessed: Accessed = none): MemberRow {
  const createdAt = toTime(user.createdAt);
  return {
    // A user is a member once, so the ids are the same.
    id: user.id,
    userId: user.id,
    organizationId,
    role: user.role,
    createdAt,
    isDefault: true,
    teamId: null,
    canAccessToAPI: user.role !== 'member' || user.grants.includes('api_tokens'),
    accessedProjects: accessed.projects,
    accessedEnvironments: accessed.environments,
    accessedServices: accessed.apps,
    ...givenRights.values,
    ...absentRights.values,
    ...absentLists.values,
    user: { id: user.id, email: user.email, emailVerified: true, twoFactorEnabled: user.hasSecondFactor, isRegistered: true, createdAt, ...absentNames.values, image: null },
  };
}
