/**
 * Who may do what: role, grants, scopes and what a thing is shared as against the action that each operation is, all in this one table. Pure. Whether a thing is theirs to reach is
 * `access.ts`.
 */
import type { Grant, Role, Scope } from '../../shared/api/auth.ts';
import type { ShareRole } from '../../shared/api/shares.ts';
import type { ErrorCode } from '../../shared/errors.ts';

/**
 * `compatible_api`: to come by the API of another platform at all. `self`: to know oneself. `account`: one's own keys. `issue_key`: a new one. `reveal_key`: to see one again.
 * `sign_in`: what one logs in with, and where one is. `share` and `delete_project`: what is left to the owner of a project. `hand_over`: the instance.
 */
export type Action = Scope | 'compatible_api' | 'self' | 'account' | 'issue_key' | 'reveal_key' | 'sign_in' | 'swagger' | 'share' | 'delete_project' | 'hand_over';

/** Of every operation that somebody has to be known for. */
export const actions: Readonly<Record<string, Action>> = {
  getMe: 'self',
  listSessions: 'sign_in', deleteSession: 'sign_in', deleteOtherSessions: 'sign_in', logOut: 'sign_in', updatePassword: 'sign_in',
  createTotpSecret: 'sign_in', confirmTotp: 'sign_in', deleteTotp: 'sign_in', createRecoveryCodes: 'sign_in',
  listApiKeys: 'account', createApiKey: 'issue_key', revealApiKey: 'reveal_key', deleteApiKey: 'account',
  listUsers: 'admin', createUser: 'admin', updateUser: 'admin', patchUser: 'admin', deleteUser: 'admin', deleteUserTotp: 'admin', makeUserOwner: 'hand_over',
  listInvitations: 'admin', createInvitation: 'admin', deleteInvitation: 'admin',
  listTeams: 'admin', createTeam: 'admin', getTeam: 'admin', updateTeam: 'admin', patchTeam: 'admin', deleteTeam: 'admin', addTeamMember: 'admin', deleteTeamMember: 'admin',
  listAuditLog: 'admin', exportAuditLog: 'admin', verifyAuditLog: 'admin',
  listServers: 'admin', createServer: 'admin', getServer: 'admin', revokeServer: 'admin', deleteServer: 'admin',
  listProjects: 'apps:read', getProject: 'apps:read', createProject: 'apps:write', updateProject: 'apps:write', patchProject: 'apps:write', deleteProject: 'delete_project',
  listEnvironments: 'apps:read', getEnvironment: 'apps:read', createEnvironment: 'apps:write', duplicateEnvironment: 'apps:write', updateEnvironment: 'apps:write', patchEnvironment: 'apps:write', deleteEnvironment: 'apps:write',
  listTags: 'apps:read', getTag: 'apps:read', createTag: 'admin', updateTag: 'admin', patchTag: 'admin', deleteTag: 'admin',
  updateProjectTags: 'apps:write', addProjectTag: 'apps:write', deleteProjectTag: 'apps:write',
  listProjectAccess: 'share', grantProjectAccess: 'share', revokeProjectAccess: 'share', listAppAccess: 'share', grantAppAccess: 'share', revokeAppAccess: 'share',
  listApps: 'apps:read', listProjectApps: 'apps:read', getApp: 'apps:read', createApp: 'apps:write', duplicateApp: 'apps:write', updateApp: 'apps:write', patchApp: 'apps:write', deleteApp: 'apps:write',
  getAppEnv: 'secrets:read',
  getAppAutoscale: 'apps:read', updateAppAutoscale: 'apps:write',
  getAppStats: 'apps:read', getAppStatsHistory: 'apps:read', streamAppStats: 'apps:read',
  listVolumes: 'apps:read', addVolume: 'apps:write', deleteVolume: 'apps:write', deleteVolumeByQuery: 'apps:write', uploadVolume: 'apps:write', downloadVolume: 'secrets:read',
  deployApp: 'deploy', deployBySlug: 'deploy', uploadImage: 'deploy', rollbackApp: 'deploy', cancelDeployment: 'deploy',
  listAppDeployments: 'apps:read', getDeployment: 'apps:read',
  readUploadOptions: 'deploy', createUpload: 'deploy', getUpload: 'deploy', patchUpload: 'deploy', deleteUpload: 'deploy',
  startApp: 'deploy', stopApp: 'deploy', restartApp: 'deploy', pauseApp: 'deploy', unpauseApp: 'deploy',
  getAppLogs: 'logs', streamAppLogs: 'logs', listAppEvents: 'logs', streamAppEvents: 'logs',
  execInApp: 'exec', openTerminal: 'exec',
  // What it is for is looked at when it is made (`actionOfTicket`).
  createTicket: 'self',
  listRegistries: 'apps:read', createRegistry: 'apps:write', listGitRepositories: 'apps:read',
};

/** What a ticket opens. */
export const actionOfTicket: Readonly<Record<'logs' | 'stats' | 'exec', Action>> = { logs: 'logs', stats: 'apps:read', exec: 'exec' };

/** Roles that may; every role where none is named. */
const roles: Partial<Record<Action, readonly Role[]>> = { admin: ['owner', 'admin'], hand_over: ['owner'] };

/** What a member needs for it besides. */
const grants: Partial<Record<Action, Grant>> = { issue_key: 'api_tokens', compatible_api: 'api_tokens', swagger: 'swagger' };

/** What no key does, whatever its scopes: whoever finds one does not get hold of the account with it. */
const onSessionOnly: Partial<Record<Action, Refusal>> = {
  sign_in: { code: 'session_needed', detail: 'POST /api/v1/auth/login gives the token of one: an API key does not do this.' },
  hand_over: { code: 'session_needed', detail: 'POST /api/v1/auth/login gives the token of one: an API key hands nothing over.' },
  reveal_key: { code: 'reveal_needs_session', detail: 'POST /api/v1/auth/login gives the token of one: an API key shows no key.' },
};

/** What a member needs to call anything with a key. */
const grantOfKeys: Grant = 'api_tokens';

/** Scopes that cover an action, where it is not just the one of its name. */
const covering: Partial<Record<Action, readonly Scope[]>> = { account: ['admin'], issue_key: ['admin'], swagger: ['admin'], share: ['admin'], delete_project: ['apps:write'] };

/** How a thing is somebody's: administrators are as its owner. */
export type Level = 'owner' | ShareRole;

/** What a viewer may do with what is shared with them. */
const viewing: readonly Action[] = ['apps:read', 'logs'];
/** What only the owner may. */
const owning: readonly Action[] = ['share', 'delete_project'];

export interface Powers {
  role: Role;
  grants: readonly Grant[];
  via: 'session' | 'api_key';
  /** Of the key; null: all. */
  scopes: readonly Scope[] | null;
  /** Whether the key reaches only some things: it does not make others that reach more. */
  isBounded: boolean;
}

export type Refusal = { code: Extract<ErrorCode, 'forbidden' | 'grant_missing' | 'scope_missing' | 'session_needed' | 'reveal_needs_session'>; detail: string };

/** Why not; null where it is allowed. */
export function refusalOf(powers: Powers, action: Action): Refusal | null {
  const { role, via, scopes, isBounded } = powers;
  if (roles[action]?.includes(role) === false) return { code: 'forbidden', detail: action === 'hand_over' ? 'Only the owner may do this.' : 'Only an administrator may do this.' };
  const wanted = [grants[action], via === 'api_key' ? grantOfKeys : undefined].find((grant) => grant !== undefined && !powers.grants.includes(grant));
  if (role === 'member' && wanted !== undefined) return { code: 'grant_missing', detail: `An administrator has to grant you \`${wanted}\` first.` };
  if (via !== 'api_key' || action === 'self' || action === 'compatible_api') return null;
  const refused = onSessionOnly[action];
  if (refused !== undefined) return refused;
  const needed: readonly Scope[] = covering[action] ?? [action as Scope];
  if (isBounded && needed.includes('admin')) return { code: 'scope_missing', detail: 'A key that reaches only some projects or apps does not do this.' };
  if (scopes === null || scopes.includes('admin') || needed.some((scope) => scopes.includes(scope))) return null;
  return { code: 'scope_missing', detail: `The API key needs the scope \`${needed.join('` or `')}\`.` };
}

/** Why not with this thing, which they reach; null where it is allowed. */
export function refusalOfLevel(level: Level, action: Action): Refusal | null {
  if (level === 'owner') return null;
  if (owning.includes(action)) return { code: 'forbidden', detail: 'Only the owner of the project or an administrator may do this.' };
  if (level === 'developer' || viewing.includes(action)) return null;
  return { code: 'forbidden', detail: 'It is shared with you as a viewer: you may look at it and read its logs.' };
}
