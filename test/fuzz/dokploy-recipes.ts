/** What procedures of Dokploy need to get through: the inputs that the tests of access have, with things of this world in the place of ids. */
import { organizationId } from '../../worker/dokploy/fields.ts';
import { appHost } from '../../shared/names.ts';
import { inputs, type Ids } from '../support/dokploy-inputs.ts';
import { fresh, keptOf, prepared } from './placeholders.ts';
import type { Recipe } from './recipes.ts';
import type { FuzzWorld } from './world.ts';

/** Names as they are in inputs, or other fields of one. */
type Input = Record<string, unknown>;

interface Needs extends Pick<Recipe, 'prepare' | 'persona' | 'onlyFor' | 'unreachable' | 'endsSessions'> {
  ids?: Partial<Ids>;
  input?: Input;
}

/** Of Ann, in whose project everybody may try. */
const usual: Ids = {
  projectId: keptOf('ann', 'project'),
  environmentId: keptOf('ann', 'environment'),
  sourceEnvironmentId: keptOf('ann', 'environment'),
  targetEnvironmentId: keptOf('ann', 'environment'),
  applicationId: keptOf('ann', 'app'),
  serviceId: keptOf('ann', 'app'),
  id: keptOf('ann', 'app'),
  deploymentId: keptOf('ann', 'deployment'),
  rollbackId: keptOf('ann', 'deployment'),
  domainId: `domain_${keptOf('ann', 'app')}`,
  mountId: `${keptOf('ann', 'app')}.data`,
  userId: keptOf('dora', 'user'),
  memberId: keptOf('dora', 'user'),
  apiKeyId: keptOf('ann', 'key'),
  sessionId: `ses_${'0'.repeat(22)}`,
  containerId: keptOf('ann', 'app'),
  appName: keptOf('ann', 'slug'),
  serverId: keptOf('administrator', 'server'),
  organizationId,
  tagId: keptOf('administrator', 'tag'),
  tagIds: [keptOf('administrator', 'tag')],
  invitationId: prepared('invitation'),
};

const appIn = (status: 'running' | 'stopped'): Needs => ({
  ids: { applicationId: prepared('app'), containerId: prepared('app') },
  prepare: async (world, operation) => ({ app: await world.appFor(operation, status) }),
});

const freshApp: Needs = { ids: { applicationId: prepared('app'), serviceId: prepared('app') }, prepare: async (world) => ({ app: await world.addApp({ deployments: 0 }) }) };

const mountedApp: Needs = { ids: { mountId: `${prepared('app')}.data` }, prepare: async (world) => ({ app: await world.addApp({ deployments: 0, settings: { volumes: [{ name: 'data', mount_path: '/data' }] } }) }) };

const servedApp: Needs = {
  ids: { applicationId: prepared('app'), domainId: `domain_${prepared('app')}` },
  prepare: async (world) => {
    const app = await world.addApp({ deployments: 0, settings: { internal_port: 8080 } });
    return { app, host: appHost(await world.slugOf(app), 'localhost') };
  },
};

const lasting: Needs = {
  ids: { deploymentId: prepared('deployment') },
  prepare: async (world) => ({ deployment: await world.addLastingDeployment() }),
};

const needs: Readonly<Record<string, Needs>> = {
  'application.delete': { ids: { applicationId: prepared('app') }, prepare: async (world) => ({ app: await world.addApp({ deployments: 0, isBare: true }) }) },
  'application.move': { ...freshApp, onlyFor: prepared('app'), ids: { ...freshApp.ids, targetEnvironmentId: keptOf('administrator', 'environment') } },
  'application.start': appIn('stopped'),
  'application.stop': appIn('running'),
  'application.reload': appIn('running'),
  'application.create': { input: { name: `f ${fresh}` } },
  'deployment.killProcess': lasting,
  'domain.create': { ...servedApp, input: { host: prepared('host') } },
  'domain.update': { ...servedApp, input: { host: prepared('host') } },
  'domain.delete': servedApp,
  'domain.one': servedApp,
  'docker.restartContainer': appIn('running'),
  'docker.startContainer': appIn('stopped'),
  'docker.stopContainer': appIn('running'),
  'environment.duplicate': { input: { name: `f ${fresh}` } },
  'environment.create': { input: { name: `f ${fresh}` } },
  'environment.remove': { ids: { environmentId: prepared('environment') }, prepare: async (world) => ({ environment: await world.addEnvironment() }) },
  'mounts.create': freshApp,
  'mounts.one': mountedApp,
  'mounts.update': mountedApp,
  'mounts.remove': mountedApp,
  'organization.inviteMember': { input: { email: `f${fresh}@example.com` } },
  'organization.removeInvitation': { prepare: async (world) => ({ invitation: (await world.addInvitation()).id }) },
  'organization.updateMemberRole': { onlyFor: keptOf('dora', 'user') },
  'project.remove': { ids: { projectId: prepared('project') }, prepare: async (world) => ({ project: await world.addProject() }) },
  'rollback.rollback': {
    ids: { rollbackId: prepared('deployment') },
    prepare: async (world, operation) => ({ deployment: await world.firstDeploymentOf(await world.appFor(operation, 'running')) }),
  },
  'server.remove': { ids: { serverId: prepared('server') }, prepare: async (world: FuzzWorld) => ({ server: (await world.addServer()).id }) },
  'server.create': { input: { name: `f ${fresh}` } },
  'tag.create': { input: { name: `f ${fresh}` } },
  'tag.remove': { ids: { tagId: prepared('tag') }, prepare: async (world) => ({ tag: await world.addTag() }) },
  'user.assignPermissions': { onlyFor: keptOf('dora', 'user') },
  // As `deleteSession` of ours.
  'user.revokeSession': { persona: 'administrator.key', endsSessions: true, unreachable: 'would lock the people of the run out' },
  'user.remove': { ids: { userId: prepared('user') }, prepare: async (world) => ({ user: await world.addUser() }) },
  'user.createUserWithCredentials': { input: { email: `f${fresh}@example.com` } },
  'user.deleteApiKey': { ids: { apiKeyId: prepared('key') }, persona: 'administrator.session', prepare: async (world) => ({ key: await world.addKey() }) },
};

export const dokployRecipes: Readonly<Record<string, Recipe>> = Object.fromEntries(
  Object.entries(inputs).map(([path, toInput]) => {
    const { ids, input, ...recipe } = needs[path] ?? {};
    const example = { ...toInput({ ...usual, ...ids }, { app: { slug: keptOf('ann', 'slug') } }), ...input };
    return [path.replace('.', '-'), { ...recipe, example } satisfies Recipe];
  }),
);
