/** An app as Dokploy's row of an application. */
import { z } from 'zod';
import type { DeploymentStatus } from '../../../shared/status.ts';
import { environmentOf } from '../../services/environments.ts';
import type { AppRow } from '../../store/schema.ts';
import { fixed, text, textOrNull, time, toTime } from '../fields.ts';
import { toBytesText, toCommandFields, toNanoCpus } from './resources.ts';
import { serviceStatus, toServiceStatus, type ServiceStatus } from './status.ts';

const absentTexts = fixed(textOrNull, null, [
  'previewEnv', 'previewBuildArgs', 'previewBuildSecrets', 'previewWildcard', 'previewPath', 'previewCustomCertResolver', 'buildArgs', 'buildSecrets', 'memoryReservation', 'cpuReservation', 'title', 'subtitle',
  'icon', 'refreshToken', 'repository', 'owner', 'branch', 'buildPath', 'gitlabRepository', 'gitlabOwner', 'gitlabBranch', 'gitlabBuildPath', 'gitlabPathNamespace', 'giteaRepository', 'giteaOwner', 'giteaBranch',
  'giteaBuildPath', 'bitbucketRepository', 'bitbucketRepositorySlug', 'bitbucketOwner', 'bitbucketBranch', 'bitbucketBuildPath', 'username', 'password', 'registryUrl', 'customGitBranch', 'customGitBuildPath',
  'customGitSSHKeyId', 'dockerfile', 'dockerContextPath', 'dockerBuildStage', 'dropBuildPath', 'railpackVersion', 'herokuVersion', 'publishDirectory', 'registryId', 'rollbackRegistryId', 'githubId', 'gitlabId', 'giteaId',
  'bitbucketId', 'buildServerId', 'buildRegistryId', 'previewCertificateType', 'triggerType',
]);
const absentNumbers = fixed(z.number().nullable(), null, ['previewPort', 'previewLimit', 'gitlabProjectId', 'stopGracePeriodSwarm']);
const absentObjects = fixed(z.record(z.string(), z.unknown()).nullable(), null, [
  'healthCheckSwarm', 'restartPolicySwarm', 'placementSwarm', 'updateConfigSwarm', 'rollbackConfigSwarm', 'modeSwarm', 'labelsSwarm', 'endpointSpecSwarm',
]);
const absentLists = fixed(z.array(z.unknown()).nullable(), null, ['watchPaths', 'previewLabels', 'networkSwarm', 'ulimitsSwarm']);
const off = fixed(z.boolean().nullable(), false, [
  'previewHttps', 'isPreviewDeploymentsActive', 'previewRequireCollaboratorPermissions', 'cleanCache', 'autoDeploy', 'enableSubmodules', 'isStaticSpa', 'createEnvFile', 'detachDokployNetwork',
]);
const on = fixed(z.boolean().nullable(), true, ['enabled', 'rollbackActive']);
const networks = fixed(z.array(z.string()), [], ['networkIds']);

const absentParts = [absentTexts, absentNumbers, absentObjects, absentLists, off, on, networks] as const;
const absentShape = { ...absentTexts.shape, ...absentNumbers.shape, ...absentObjects.shape, ...absentLists.shape, ...off.shape, ...on.shape, ...networks.shape };

/** Fields of an application that always say the same here. */
export const absent = Object.assign({}, ...absentParts.map(({ values }) => values)) as { [Name in keyof typeof absentShape]: z.input<(typeof absentShape)[Name]> };

export const applicationRow = z.object({
  applicationId: text,
  name: text,
  appName: text.meta({ description: 'The slug of the app.' }),
  description: textOrNull,
  env: textOrNull.meta({ description: 'Null in lists, and for those who may not read secrets.' }),
  memoryLimit: textOrNull.meta({ description: 'Bytes.' }),
  cpuLimit: textOrNull.meta({ description: 'Billionths of a core.' }),
  command: textOrNull,
  args: z.array(z.string()).nullable(),
  sourceType: z.enum(['docker', 'github', 'git', 'gitlab', 'bitbucket', 'gitea', 'drop']),
  dockerImage: textOrNull,
  customGitUrl: textOrNull,
  replicas: z.number(),
  buildType: text,
  applicationStatus: serviceStatus,
  createdAt: time,
  environmentId: text,
  serverId: textOrNull,
  ...absentShape,
}).meta({ id: 'Application' });
export type ApplicationRow = z.infer<typeof applicationRow>;

interface Standing {
  latest: DeploymentStatus | null;
  /** As text; null where it is not to be read. */
  env?: string | null;
}

export function toApplication(app: AppRow, { latest, env = null }: Standing): ApplicationRow {
  return { ...commonOf(app, latest), env, args: toCommandFields(app.settings.command).args, environmentId: environmentOf(app), serverId: app.serverId, ...absent };
}

/** What rows of every generation have. */
function commonOf(app: AppRow, latest: DeploymentStatus | null) {
  const { settings } = app;
  return {
    applicationId: app.id,
    name: settings.name,
    appName: app.slug,
    description: settings.description,
    memoryLimit: toBytesText(settings.memory_limit),
    cpuLimit: toNanoCpus(settings.cpu_limit),
    command: toCommandFields(settings.command).command,
    sourceType: sourceTypeOf(app),
    dockerImage: settings.image,
    customGitUrl: settings.git_repo_url,
    replicas: 1,
    buildType: 'nixpacks',
    applicationStatus: toServiceStatus(app.status, latest),
    createdAt: toTime(app.createdAt),
  };
}

/** One that has no source yet is `github`, as Dokploy makes it. */
function sourceTypeOf({ settings }: AppRow): ApplicationRow['sourceType'] {
  if (settings.git_repo_url !== null) return 'git';
  return settings.image === null ? 'github' : 'docker';
}

/** The columns of v0.2.5, as `project.all` of that time had them. */
const legacyNames = [
  'applicationId', 'name', 'appName', 'description', 'env', 'memoryReservation', 'memoryLimit', 'cpuReservation', 'cpuLimit', 'title', 'enabled', 'subtitle', 'command', 'refreshToken', 'sourceType', 'repository', 'owner',
  'branch', 'buildPath', 'autoDeploy', 'username', 'password', 'dockerImage', 'customGitUrl', 'customGitBranch', 'customGitBuildPath', 'dockerfile', 'healthCheckSwarm', 'restartPolicySwarm', 'placementSwarm',
  'updateConfigSwarm', 'rollbackConfigSwarm', 'modeSwarm', 'labelsSwarm', 'networkSwarm', 'replicas', 'applicationStatus', 'buildType', 'createdAt', 'registryId',
] as const satisfies readonly (keyof ApplicationRow)[];

export const legacyApplication = applicationRow
  .pick(Object.fromEntries(legacyNames.map((name) => [name, true])) as Record<(typeof legacyNames)[number], true>)
  .extend({ customGitSSHKey: textOrNull, projectId: text, domains: z.array(z.object({ domainId: text, host: text })) });
export type LegacyApplication = z.infer<typeof legacyApplication>;

const legacyAbsent = Object.fromEntries(legacyNames.filter((name) => name in absent).map((name) => [name, absent[name as keyof typeof absent]])) as Pick<ApplicationRow, (typeof legacyNames)[number] & keyof typeof absent>;

export function toLegacyApplication(app: AppRow, latest: DeploymentStatus | null, domains: LegacyApplication['domains']): LegacyApplication {
  return { ...commonOf(app, latest), env: null, ...legacyAbsent, customGitSSHKey: null, projectId: app.projectId, domains };
}

/** What stands for an application within its environment. */
export const applicationEntry = z.object({
  applicationId: text,
  name: text,
  appName: text,
  description: textOrNull,
  createdAt: time,
  serverId: textOrNull,
  applicationStatus: serviceStatus,
  icon: textOrNull,
}).meta({ id: 'ApplicationEntry' });

export function toApplicationEntry(app: AppRow, latest: DeploymentStatus | null): z.infer<typeof applicationEntry> {
  const { id, settings, slug, createdAt, serverId, status } = app;
  const applicationStatus: ServiceStatus = toServiceStatus(status, latest);
  return { applicationId: id, name: settings.name, appName: slug, description: settings.description, createdAt: toTime(createdAt), serverId, applicationStatus, icon: null };
}
