/** What an operation needs to get through, where its schema and the things that are there do not say it. */
import { dokployRecipes } from './dokploy-recipes.ts';
import type { FuzzWorld } from './world.ts';
import { keptOf, prepared } from './placeholders.ts';

export interface Recipe {
  /** Whose token; the administrator's unless told. */
  persona?: string;
  path?: Record<string, string>;
  /** In place of whatever else it may take. */
  query?: Record<string, string>;
  body?: Record<string, unknown>;
  /** What it takes, in its query or its body, now and then: the rest is made from the schema. */
  example?: Record<string, unknown>;
  /** Makes what the placeholders `~prepared.x~` stand for. */
  prepare?(world: FuzzWorld, operation: string): Promise<Record<string, string>>;
  /** Why no request of the run itself gets through. */
  unreachable?: string;
  /** Whoever it lets reach more has to be this one: of any other it is asked by somebody who may not. Else the people of the run would come to see what is not theirs. */
  onlyFor?: string;
  /** Whether it would end what a person comes with: nobody's session asks for it. */
  endsSessions?: boolean;
}

const appIn = (status: 'running' | 'paused' | 'stopped'): Recipe => ({
  path: { appId: prepared('app') },
  prepare: async (world, operation) => ({ app: await world.appFor(operation, status) }),
});

/** One that somebody is in, and something is shared with, only where a request says so. */
const withTeam = async (world: FuzzWorld) => ({ team: await world.addTeam() });

const sharedApp = async (world: FuzzWorld) => {
  const [app, team] = [await world.addApp({ deployments: 0 }), await world.addTeam()];
  await world.share(`/api/v1/apps/${app}`, team);
  return { app, team };
};

const sharedProject = async (world: FuzzWorld) => {
  const [project, team] = [await world.addProject(), await world.addTeam()];
  await world.share(`/api/v1/projects/${project}`, team);
  return { project, team };
};

const deploy: Recipe = { path: { appId: keptOf('administrator', 'app'), slug: keptOf('administrator', 'slug') }, query: {} };

const byExecutor: Recipe = { unreachable: 'asked for by the executor of this world, in every transfer of a body' };

/** Changes how a person comes in, or ends the sessions they are in: their own tests do that, with people of their own. */
const signIn: Recipe = { persona: 'administrator.key', endsSessions: true, unreachable: 'would lock the people of the run out' };

export const recipes: Readonly<Record<string, Recipe>> = {
  ...dokployRecipes,
  logIn: { body: { email: keptOf('ann', 'email'), password: keptOf('ann', 'password') }, prepare: async (world) => world.forgetFailedLogins() },
  revealApiKey: { persona: 'administrator.session', path: { keyId: keptOf('administrator', 'key') } },
  deleteUser: { path: { userId: prepared('user') }, prepare: async (world) => ({ user: await world.addUser() }) },
  updateUser: { path: { userId: keptOf('dora', 'user') } },
  patchUser: { path: { userId: keptOf('dora', 'user') } },
  deleteApiKey: { persona: 'administrator.session', path: { keyId: prepared('key') }, prepare: async (world) => ({ key: await world.addKey() }) },
  deleteProject: { path: { projectId: prepared('project') }, prepare: async (world) => ({ project: await world.addProject() }) },
  deleteServer: { path: { serverId: prepared('server') }, prepare: async (world) => ({ server: (await world.addServer()).id }) },
  deleteApp: { path: { appId: prepared('app') }, query: { delete_volumes: 'data,cache' }, prepare: async (world) => ({ app: await world.addApp({ deployments: 0 }) }) },
  createApp: { body: {} },
  updateApp: { body: {} },
  patchApp: { body: {} },
  startApp: appIn('stopped'),
  stopApp: appIn('running'),
  restartApp: appIn('running'),
  pauseApp: appIn('running'),
  unpauseApp: appIn('paused'),
  deployApp: deploy,
  deployBySlug: deploy,
  uploadImage: deploy,
  rollbackApp: { ...deploy, path: { appId: prepared('app') }, body: {}, prepare: async (world, operation) => ({ app: await world.appFor(operation, 'running') }) },
  cancelDeployment: { path: { deploymentId: prepared('deployment') }, prepare: async (world) => ({ deployment: await world.addLastingDeployment() }) },
  deleteUpload: { path: { appId: prepared('app'), uploadId: '1'.repeat(32) }, prepare: async (world) => ({ app: await world.addApp({ deployments: 0 }) }) },
  enrolExecutor: {
    body: { token: prepared('token'), public_key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } },
    prepare: async (world) => ({ token: (await world.addServer()).token }),
  },
  connectExecutor: { persona: 'executor' },
  deleteSession: signIn,
  deleteOtherSessions: signIn,
  logOut: signIn,
  updatePassword: signIn,
  createTotpSecret: signIn,
  confirmTotp: signIn,
  deleteTotp: signIn,
  createRecoveryCodes: signIn,
  deleteUserTotp: { unreachable: 'nobody of the run has a second factor' },
  deleteEnvironment: { path: { environmentId: prepared('environment') }, prepare: async (world) => ({ environment: await world.addEnvironment() }) },
  deleteTag: { path: { tagId: prepared('tag') }, prepare: async (world) => ({ tag: await world.addTag() }) },
  deleteProjectTag: { path: { projectId: prepared('project'), tagId: prepared('tag') }, prepare: async (world) => world.addTaggedProject() },
  getTeam: { path: { teamId: prepared('team') }, prepare: withTeam },
  updateTeam: { path: { teamId: prepared('team') }, prepare: withTeam },
  patchTeam: { path: { teamId: prepared('team') }, prepare: withTeam },
  deleteTeam: { path: { teamId: prepared('team') }, prepare: withTeam },
  addTeamMember: { path: { teamId: prepared('team'), userId: keptOf('dora', 'user') }, onlyFor: keptOf('dora', 'user'), prepare: withTeam },
  deleteTeamMember: { path: { teamId: prepared('team'), userId: keptOf('dora', 'user') }, prepare: async (world) => ({ team: await world.addTeam(keptOf('dora', 'user')) }) },
  grantProjectAccess: { path: { projectId: keptOf('ann', 'project'), holderId: prepared('team') }, onlyFor: prepared('team'), prepare: withTeam },
  revokeProjectAccess: { path: { projectId: prepared('project'), holderId: prepared('team') }, prepare: sharedProject },
  grantAppAccess: { path: { appId: keptOf('ann', 'app'), holderId: prepared('team') }, onlyFor: prepared('team'), prepare: withTeam },
  revokeAppAccess: { path: { appId: prepared('app'), holderId: prepared('team') }, prepare: sharedApp },
  makeUserOwner: { persona: 'administrator.session', path: { userId: keptOf('erin', 'user') }, onlyFor: keptOf('erin', 'user') },
  deleteInvitation: { path: { invitationId: prepared('invitation') }, prepare: async (world) => ({ invitation: (await world.addInvitation()).id }) },
  acceptInvitation: { body: { token: prepared('token'), email: prepared('email'), password: 'planted-password-of-fuzz' }, prepare: async (world) => ({ ...(await world.forgetFailedLogins()), ...(await world.addInvitation()) }) },
  fetchTransfer: byExecutor,
  uploadTransfer: byExecutor,
};
