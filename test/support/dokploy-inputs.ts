/** For each procedure of Dokploy that works an input that it takes, so that nothing but the right stands in the way. */
import { organizationId } from '../../worker/dokploy/fields.ts';
import { appHost, containerName, defaultEnvironmentId } from '../../shared/names.ts';
import type { Member } from './control-plane-world.ts';

export type Input = Record<string, unknown>;
export type Ids = ReturnType<typeof idsOf>;

/** Whose app it is. */
interface Owner {
  app: { slug: string };
}

/** What names a thing of this member, by the names that inputs have for it. */
export function idsOf({ app, projectId, deploymentId, id, key, sessionId }: Member, { serverId, tagId }: { serverId: string; tagId: string }) {
  return {
    projectId,
    environmentId: defaultEnvironmentId(projectId ?? ''),
    sourceEnvironmentId: defaultEnvironmentId(projectId ?? ''),
    targetEnvironmentId: defaultEnvironmentId(projectId ?? ''),
    applicationId: app.id,
    serviceId: app.id,
    /** Of `deployment.allByType`. */
    id: app.id,
    deploymentId,
    rollbackId: deploymentId,
    domainId: `domain_${app.id}`,
    mountId: `${app.id}.data`,
    userId: id,
    memberId: id,
    apiKeyId: key.id,
    sessionId,
    containerId: containerName(app.slug ?? '', deploymentId ?? ''),
    /** Of `docker`; elsewhere it is a name that something gets. */
    appName: app.slug,
    serverId,
    organizationId,
    /** Everybody's. */
    tagId,
    tagIds: [tagId],
    /** Nobody's: those who manage them manage all. */
    invitationId: `inv_${'0'.repeat(22)}`,
  };
}

const application = ({ applicationId }: Ids) => ({ applicationId });
const project = ({ projectId }: Ids) => ({ projectId });
const environment = ({ environmentId }: Ids) => ({ environmentId });
const deployment = ({ deploymentId }: Ids) => ({ deploymentId });
const domain = ({ domainId }: Ids) => ({ domainId });
const containers = ({ appName }: Ids) => ({ appName });
const organization = (ids: Ids) => ({ organizationId: ids.organizationId });
const server = ({ serverId }: Ids) => ({ serverId });
const tag = ({ tagId }: Ids) => ({ tagId });
const user = ({ userId }: Ids) => ({ userId });
const mount = ({ mountId }: Ids) => ({ mountId });

/** The base domain of a control plane that is told none. */
const hostOf = ({ app }: Owner) => appHost(app.slug, 'localhost');

export const inputs: Readonly<Record<string, (ids: Ids, owner: Owner) => Input>> = {
  'application.one': application,
  'application.delete': application,
  'application.deploy': application,
  'application.redeploy': application,
  'application.start': application,
  'application.stop': application,
  'application.reload': application,
  'application.cancelDeployment': application,
  'application.cleanQueues': application,
  'application.killBuild': application,
  'application.disconnectGitProvider': application,
  'application.readLogs': application,
  'application.create': ({ environmentId }) => ({ environmentId, name: 'intruder' }),
  'application.deployNginxQuickstart': environment,
  'application.move': ({ applicationId, targetEnvironmentId }) => ({ applicationId, targetEnvironmentId }),
  'application.update': ({ applicationId }) => ({ applicationId, dockerImage: 'evil:latest', env: '' }),
  'application.saveDockerProvider': ({ applicationId }) => ({ applicationId, dockerImage: 'evil:latest' }),
  'application.saveEnvironment': ({ applicationId }) => ({ applicationId, env: '' }),
  'deployment.all': application,
  'deployment.allByType': ({ id }) => ({ id, type: 'application' }),
  'deployment.killProcess': deployment,
  'deployment.readLogs': deployment,
  'docker.getContainersByAppNameMatch': containers,
  'docker.getContainersByAppLabel': containers,
  'docker.getServiceContainersByAppName': containers,
  'docker.getStackContainersByAppName': containers,
  'docker.restartContainer': ({ containerId }) => ({ containerId }),
  'docker.startContainer': ({ containerId }) => ({ containerId }),
  'docker.stopContainer': ({ containerId }) => ({ containerId }),
  'domain.create': ({ applicationId }, owner) => ({ applicationId, host: hostOf(owner), port: 8080 }),
  'domain.update': ({ domainId }, owner) => ({ domainId, host: hostOf(owner), port: 8080 }),
  'domain.delete': domain,
  'domain.one': domain,
  'domain.byApplicationId': application,
  'domain.generateDomain': (_ids, { app }) => ({ appName: app.slug }),
  'environment.one': environment,
  'environment.remove': environment,
  'environment.byProjectId': project,
  'environment.create': ({ projectId }) => ({ projectId, name: 'staging' }),
  'environment.duplicate': ({ environmentId }) => ({ environmentId, name: 'copy' }),
  'environment.update': ({ environmentId }) => ({ environmentId, description: 'taken over' }),
  'mounts.one': mount,
  'mounts.remove': mount,
  'mounts.update': ({ mountId }) => ({ mountId, mountPath: '/elsewhere' }),
  'mounts.create': ({ serviceId }) => ({ type: 'volume', volumeName: 'more', mountPath: '/more', serviceId }),
  'mounts.allNamedByApplicationId': application,
  'mounts.listByServiceId': ({ serviceId }) => ({ serviceType: 'application', serviceId }),
  'organization.one': organization,
  'organization.setDefault': organization,
  'organization.inviteMember': () => ({ email: 'intruder@example.com', role: 'admin' }),
  'organization.removeInvitation': ({ invitationId }) => ({ invitationId }),
  'organization.updateMemberRole': ({ memberId }) => ({ memberId, role: 'admin' }),
  'project.one': project,
  'project.remove': project,
  'project.create': () => ({ name: 'p' }),
  'project.duplicate': ({ sourceEnvironmentId }) => ({ sourceEnvironmentId, name: 'copy' }),
  'project.update': ({ projectId }) => ({ projectId, name: 'taken over' }),
  'rollback.rollback': ({ rollbackId }) => ({ rollbackId }),
  'server.one': server,
  'server.remove': server,
  'server.getServices': server,
  'server.create': () => ({ name: 's' }),
  'tag.one': tag,
  'tag.create': () => ({ name: 't' }),
  'tag.update': ({ tagId }) => ({ tagId, name: 'taken over' }),
  'tag.remove': tag,
  'tag.assignToProject': ({ projectId, tagId }) => ({ projectId, tagId }),
  'tag.removeFromProject': ({ projectId, tagId }) => ({ projectId, tagId }),
  'tag.bulkAssign': ({ projectId, tagIds }) => ({ projectId, tagIds }),
  'user.one': user,
  'user.remove': user,
  'user.checkUserOrganizations': user,
  'user.createUserWithCredentials': () => ({ email: 'new@example.com', password: 'twelve-characters', role: 'admin' }),
  'user.assignPermissions': ({ userId }) => ({ id: userId, accessedProjects: [], accessedServices: [] }),
  'user.revokeSession': ({ sessionId }) => ({ sessionId }),
  'user.createApiKey': () => ({ name: 'k' }),
  'user.deleteApiKey': ({ apiKeyId }) => ({ apiKeyId }),
};
