/** What an operation needs to get through, where its schema and the things that are there do not say it. */
import type { FuzzWorld } from './world.ts';
import { keptOf, oneOf, prepared } from './placeholders.ts';

export interface Recipe {
  /** Whose token; the administrator's unless told. */
  persona?: string;
  path?: Record<string, string>;
  /** In place of whatever else it may take. */
  query?: Record<string, string>;
  body?: Record<string, unknown>;
  /** Makes what the placeholders `~prepared.x~` stand for. */
  prepare?(world: FuzzWorld, operation: string): Promise<Record<string, string>>;
  /** Why no request of the run itself gets through. */
  unreachable?: string;
  /** Whether it would end what a person comes with: nobody's session asks for it. */
  endsSessions?: boolean;
}

const appIn = (status: 'running' | 'paused' | 'stopped'): Recipe => ({
  path: { appId: prepared('app') },
  prepare: async (world, operation) => ({ app: await world.appFor(operation, status) }),
});

const deploy: Recipe = { path: { appId: keptOf('administrator', 'app'), slug: keptOf('administrator', 'slug') }, query: {} };

const byExecutor: Recipe = { unreachable: 'asked for by the executor of this world, in every transfer of a body' };

/** Changes how a person comes in, or ends the sessions they are in: their own tests do that, with people of their own. */
const signIn: Recipe = { persona: 'administrator.key', endsSessions: true, unreachable: 'would lock the people of the run out' };

export const recipes: Readonly<Record<string, Recipe>> = {
  logIn: { body: { email: keptOf('ann', 'email'), password: keptOf('ann', 'password') }, prepare: async (world) => world.forgetFailedLogins() },
  revealApiKey: { persona: 'administrator.session', path: { keyId: keptOf('administrator', 'key') } },
  // A password costs too much to be made for each; most of those that are tried to be deleted were made by the run.
  deleteUser: { path: { userId: oneOf('user', 0) } },
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
  fetchTransfer: byExecutor,
  uploadTransfer: byExecutor,
};
