/** Projects and environments, with what is in them, in the layout of each generation of Dokploy. */
import { z } from 'zod';
import type { EnvironmentTree, ProjectTree } from '../../services/overview.ts';
import { isDefault } from '../../services/environments.ts';
import type { EnvironmentRow, ProjectRow } from '../../store/schema.ts';
import { fixed, flag, organizationId, text, textOrNull, time, toTime } from '../fields.ts';
import { applicationEntry, legacyApplication, toApplicationEntry, toLegacyApplication, type LegacyApplication } from './application.ts';
import { projectTag, toProjectTag } from './tag.ts';

/** Kinds of services that do not exist here yet: their lists are there, and empty. */
const otherKinds = fixed(z.array(z.unknown()), [], ['mariadb', 'mongo', 'mysql', 'postgres', 'redis', 'compose', 'libsql']);
const legacyKinds = fixed(z.array(z.unknown()), [], ['mariadb', 'mongo', 'mysql', 'postgres', 'redis', 'compose']);

export const projectRow = z.object({
  projectId: text,
  name: text,
  description: textOrNull,
  createdAt: time,
  organizationId: text,
  env: text.meta({ description: 'Variables of a project do not exist here: always empty.' }),
}).meta({ id: 'Project' });

export function toProjectRow(project: ProjectRow): z.infer<typeof projectRow> {
  return { projectId: project.id, name: project.name, description: project.description, createdAt: toTime(project.createdAt), organizationId, env: '' };
}

export const environmentRow = z.object({
  environmentId: text,
  name: text,
  description: textOrNull,
  createdAt: time,
  env: text,
  projectId: text,
  isDefault: flag,
}).meta({ id: 'Environment' });

export function toEnvironmentRow(row: EnvironmentRow): z.infer<typeof environmentRow> {
  return { environmentId: row.id, name: row.name, description: row.description, createdAt: toTime(row.createdAt), env: '', projectId: row.projectId, isDefault: isDefault(row) };
}

export const environmentTree = environmentRow.extend({ applications: z.array(applicationEntry), ...otherKinds.shape }).meta({ id: 'EnvironmentTree' });

export function toEnvironmentTree({ environment, apps }: EnvironmentTree): z.infer<typeof environmentTree> {
  return { ...toEnvironmentRow(environment), applications: apps.map((app) => toApplicationEntry(app, app.latest)), ...otherKinds.values };
}

export const projectTree = projectRow.extend({ environments: z.array(environmentTree), projectTags: z.array(projectTag) }).meta({ id: 'ProjectTree' });

export function toProjectTree({ project, tags, environments }: ProjectTree): z.infer<typeof projectTree> {
  return { ...toProjectRow(project), environments: environments.map(toEnvironmentTree), projectTags: tags.map((tag) => toProjectTag(project.id, tag)) };
}

const listedEnvironment = z.object({
  name: text,
  environmentId: text,
  isDefault: flag,
  applications: z.array(applicationEntry.pick({ applicationId: true, name: true, applicationStatus: true })),
  ...otherKinds.shape,
});

/** Both layouts of `project.all` at once: `environments` as today, and the seven lists of full rows and `adminId` as up to v0.24. Readers of either find what they know. */
export const listedProject = projectRow.extend({
  adminId: text,
  applications: z.array(legacyApplication),
  ...legacyKinds.shape,
  environments: z.array(listedEnvironment),
  projectTags: z.array(projectTag),
}).meta({ id: 'ListedProject' });
export type ListedProject = z.infer<typeof listedProject>;

/** @param domainsOf the domains of an app */
export function toListedProject({ project, tags, environments }: ProjectTree, domainsOf: (app: EnvironmentTree['apps'][number]) => LegacyApplication['domains']): ListedProject {
  return {
    ...toProjectRow(project),
    adminId: project.ownerId,
    applications: environments.flatMap(({ apps }) => apps.map((app) => toLegacyApplication(app, app.latest, domainsOf(app)))),
    ...legacyKinds.values,
    environments: environments.map(({ environment, apps }) => ({
      name: environment.name,
      environmentId: environment.id,
      isDefault: isDefault(environment),
      applications: apps.map((app) => {
        const { applicationId, name, applicationStatus } = toApplicationEntry(app, app.latest);
        return { applicationId, name, applicationStatus };
      }),
      ...otherKinds.values,
    })),
    projectTags: tags.map((tag) => toProjectTag(project.id, tag)),
  };
}
