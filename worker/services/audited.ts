/**
 * What the audit log tells of, in one table as `permissions.ts` is: an operation that is not in it leaves no row, and a test says why of each that changes something. Nothing here names a secret:
 * of what was asked a row holds only the fields that are named.
 */
import { beginningOf } from '../../shared/text.ts';

type Fields = Record<string, unknown>;

export interface Audited {
  /** What was done, as rows say it. */
  action: string;
  /** Whether the reply is the new thing, whose id belongs to the target. */
  isMade?: true;
  /** What a row holds of body and query. */
  tells?(asked: Fields): Fields;
  /** Where nobody is known before: who it was, from the reply. Undefined: nobody yet, and no row. */
  actorOf?(reply: Fields): string | undefined;
}

const only = (...names: string[]) => (asked: Fields): Fields => Object.fromEntries(names.filter((name) => asked[name] !== undefined).map((name) => [name, asked[name]]));
/** The arguments of a command may hold secrets. */
const program = ({ cmd }: Fields): Fields => ({ program: beginningOf(String(Array.isArray(cmd) ? cmd[0] : (cmd ?? '')), 200) });

const userChange: Audited = { action: 'user.update', tells: only('role', 'grants') };
const teamChange: Audited = { action: 'team.update', tells: only('name') };
const deploy: Audited = { action: 'app.deploy', isMade: true };
const volumeDelete: Audited = { action: 'volume.delete', tells: only('name') };

export const audited: Readonly<Record<string, Audited>> = {
  logIn: { action: 'session.create', actorOf: ({ user }) => (user as { id?: string } | undefined)?.id },

  createUser: { action: 'user.create', isMade: true, tells: only('email', 'role', 'grants') },
  updateUser: userChange,
  patchUser: userChange,
  deleteUser: { action: 'user.delete' },
  makeUserOwner: { action: 'user.make_owner' },

  createInvitation: { action: 'invitation.create', isMade: true, tells: only('email', 'role', 'grants', 'teams') },
  deleteInvitation: { action: 'invitation.delete' },
  acceptInvitation: { action: 'invitation.accept', actorOf: ({ id }) => id as string | undefined, tells: only('email') },

  createTeam: { action: 'team.create', isMade: true, tells: only('name') },
  updateTeam: teamChange,
  patchTeam: teamChange,
  deleteTeam: { action: 'team.delete' },
  addTeamMember: { action: 'team.add_member' },
  deleteTeamMember: { action: 'team.remove_member' },

  grantProjectAccess: { action: 'project.share', tells: only('role') },
  revokeProjectAccess: { action: 'project.unshare' },
  grantAppAccess: { action: 'app.share', tells: only('role') },
  revokeAppAccess: { action: 'app.unshare' },

  createApiKey: { action: 'api_key.create', isMade: true, tells: only('name', 'scopes', 'projects', 'apps', 'expires_at') },
  revealApiKey: { action: 'api_key.reveal' },
  deleteApiKey: { action: 'api_key.delete' },

  createServer: { action: 'server.create', isMade: true, tells: only('name') },
  enrolExecutor: { action: 'server.enrol', actorOf: ({ server_id: id }) => id as string | undefined },
  revokeServer: { action: 'server.revoke' },
  deleteServer: { action: 'server.delete' },

  getAppEnv: { action: 'app.read_env' },
  downloadVolume: { action: 'volume.download' },
  execInApp: { action: 'app.exec', tells: program },
  openTerminal: { action: 'app.terminal', tells: program },

  deployApp: deploy,
  deployBySlug: deploy,
  uploadImage: deploy,
  rollbackApp: { action: 'app.rollback', isMade: true, tells: only('deployment_id') },
  cancelDeployment: { action: 'deployment.cancel' },

  // The variables go along.
  duplicateApp: { action: 'app.duplicate', isMade: true, tells: only('slug', 'environment_id') },
  duplicateEnvironment: { action: 'environment.duplicate', isMade: true, tells: only('name') },
  deleteProject: { action: 'project.delete' },
  deleteEnvironment: { action: 'environment.delete' },
  deleteTag: { action: 'tag.delete' },
  deleteApp: { action: 'app.delete', tells: only('delete_volumes') },
  deleteVolume: volumeDelete,
  deleteVolumeByQuery: volumeDelete,
};
