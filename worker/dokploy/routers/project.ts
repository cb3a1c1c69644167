import { z } from 'zod';
import { createProject as createProjectBody } from '../../../shared/api/projects.ts';
import { appHost, defaultEnvironmentId } from '../../../shared/names.ts';
import { reachApp, reachEnvironment, reachProject } from '../../services/access.ts';
import { listFilter, type Actor } from '../../services/actor.ts';
import type { Context } from '../../services/context.ts';
import { copyInto, copyToNewProject, mostApps, readAppsIn } from '../../services/copies.ts';
import { readPlace } from '../../services/environments.ts';
import { readOverview, readOverviewVersion, type ProjectTree } from '../../services/overview.ts';
import { changeProject, createProject, removeProject } from '../../services/projects.ts';
import { notImplemented, unsupportedField } from '../failure.ts';
import { listOf, text } from '../fields.ts';
import { pageOf, searchFields, searchPage } from '../search.ts';
import { command, JsonText, mutation, query, type Call, type Router } from '../procedure.ts';
import { domainIdOf } from '../rows/domain.ts';
import { environmentRow, listedProject, projectRow, projectTree, toEnvironmentRow, toListedProject, toProjectRow, toProjectTree, type ListedProject } from '../rows/project.ts';
import { toServiceStatus } from '../rows/status.ts';

const nothing = z.object({});
const byId = z.object({ projectId: text });
const { name, description } = createProjectBody.shape;
const fields = { name, description: description.unwrap().nullish(), env: text.optional() };

/** @throws AppError not_available_yet */
export function refuseEnv(env: string | undefined): void {
  if (env !== undefined && env !== '') throw unsupportedField('env', 'Set the variables of each app: application.saveEnvironment.');
}

/** As it is kept: for a hundred apps it costs a millisecond and a half to make, and clients ask for it all the time. */
async function listAll(ctx: Context, actor: Actor): Promise<ListedProject[]> {
  const { baseDomain } = ctx.config;
  const trees = await readOverview(ctx, actor);
  return trees.map((tree) => toListedProject(tree, ({ id, slug, settings }) => (settings.internal_port === null ? [] : [{ domainId: domainIdOf(id), host: appHost(slug, baseDomain) }])));
}

async function readTree({ ctx, actor }: Call, projectId: string): Promise<ProjectTree> {
  await reachProject(ctx, actor, { id: projectId, action: 'apps:read' });
  const [tree] = await readOverview(ctx, actor, projectId);
  return tree as ProjectTree;
}

const kinds = ['application', 'compose', 'libsql', 'mariadb', 'mongo', 'mysql', 'postgres', 'redis'] as const;

const copy = z.object({
  sourceEnvironmentId: text.meta({ description: 'Whose applications are copied where none are named; with `duplicateInSameProject` also where the copies go.' }),
  name: text.meta({ description: 'Of the new project.' }),
  description: text.optional(),
  includeServices: z.boolean().default(true),
  selectedServices: listOf(z.object({ id: text, type: z.enum(kinds) }), mostApps).optional().meta({ description: 'What is copied; left out: all applications of the environment.' }),
  duplicateInSameProject: z.boolean().default(false).meta({ description: 'No project is made: the copies stand in the environment itself, as `… (copy)`.' }),
});

/** What is to be copied: whoever may change it may copy it. @throws AppError not_available_yet, app_not_found, environment_not_found, forbidden */
async function readSources({ ctx, actor, action }: Call, { sourceEnvironmentId, includeServices, selectedServices }: z.infer<typeof copy>) {
  if (!includeServices) return [];
  if (selectedServices === undefined) return readAppsIn(ctx, actor, sourceEnvironmentId);
  if (selectedServices.some(({ type }) => type !== 'application')) throw notImplemented('Only applications are deployed here.');
  return Promise.all([...new Set(selectedServices.map(({ id }) => id))].map((id) => reachApp(ctx, actor, { id, action })));
}

export const projectRouter: Router = {
  all: query({
    needs: 'apps:read',
    input: nothing,
    output: z.array(listedProject),
    async run({ ctx, actor }) {
      const version = await readOverviewVersion(ctx, actor);
      return new JsonText(await ctx.keptTexts.get(`project.all ${JSON.stringify(listFilter(actor))}`, version, async () => JSON.stringify(await listAll(ctx, actor))));
    },
  }),
  one: query({ needs: 'apps:read', input: byId, output: projectTree, run: async (call, { projectId }) => toProjectTree(await readTree(call, projectId)) }),
  create: mutation({
    needs: 'apps:write',
    input: z.object(fields),
    output: z.object({ project: projectRow, environment: environmentRow }),
    async run({ ctx, actor }, { name: called, description: text_, env }) {
      refuseEnv(env);
      const project = await createProject(ctx, actor, { name: called, description: text_ ?? '' });
      const { environment } = await readPlace(ctx, { projectId: project.id, environmentId: defaultEnvironmentId(project.id) });
      return { project: toProjectRow(project), environment: toEnvironmentRow(environment) };
    },
  }),
  duplicate: mutation({
    needs: 'apps:write',
    input: copy,
    output: environmentRow,
    async run(call, input) {
      const { ctx, actor, action } = call;
      const source = await reachEnvironment(ctx, actor, { id: input.sourceEnvironmentId, action });
      const apps = await readSources(call, input);
      if (input.duplicateInSameProject) {
        await copyInto(ctx, actor, apps, source);
        return toEnvironmentRow(source);
      }
      const project = await copyToNewProject(ctx, actor, apps, createProjectBody.parse({ name: input.name, description: input.description }));
      const { environment } = await readPlace(ctx, { projectId: project.id, environmentId: defaultEnvironmentId(project.id) });
      return toEnvironmentRow(environment);
    },
  }),
  update: mutation({
    needs: 'apps:write',
    input: z.object(fields).partial().extend({ projectId: text }),
    output: projectRow,
    async run({ ctx, actor }, { projectId, name: called, description: text_, env }) {
      const project = await reachProject(ctx, actor, { id: projectId, action: 'apps:write' });
      refuseEnv(env);
      return toProjectRow(await changeProject(ctx, project, { ...(called !== undefined && { name: called }), ...(text_ !== undefined && { description: text_ ?? '' }) }));
    },
  }),
  remove: mutation({
    needs: 'delete_project',
    input: byId,
    output: projectRow,
    async run({ ctx, actor }, { projectId }) {
      const project = await reachProject(ctx, actor, { id: projectId, action: 'delete_project' });
      await removeProject(ctx, project);
      return toProjectRow(project);
    },
  }),
  search: query({
    needs: 'apps:read',
    input: z.object({ ...searchFields, name: text.optional(), description: text.optional() }),
    output: searchPage(projectRow),
    run: async ({ ctx, actor }, wanted) => pageOf((await readOverview(ctx, actor)).map(({ project }) => toProjectRow(project)), wanted),
  }),
  allForPermissions: query({
    needs: 'apps:read',
    input: nothing,
    output: z.array(projectTree),
    run: async ({ ctx, actor }) => (await readOverview(ctx, actor)).map(toProjectTree),
  }),
  homeStats: query({
    needs: 'apps:read',
    input: nothing,
    output: z.object({
      projects: z.number(), environments: z.number(), applications: z.number(), compose: z.number(), databases: z.number(), services: z.number(),
      status: z.object({ running: z.number(), error: z.number(), idle: z.number() }),
    }),
    run: async ({ ctx, actor }) => countAll(await readOverview(ctx, actor)),
  }),
  onboardingStatus: query({ needs: 'apps:read', input: nothing, output: z.object({ completed: z.boolean() }), run: () => ({ completed: true }) }),
  completeOnboarding: command({ needs: 'apps:read', input: nothing, run: async () => undefined }),
};

/** As on Dokploy's home page: what is deployed and well counts as running. */
function countAll(trees: readonly ProjectTree[]) {
  const environments = trees.flatMap((tree) => tree.environments);
  const statuses = environments.flatMap(({ apps }) => apps.map((app) => toServiceStatus(app.status, app.latest)));
  const count = (...wanted: string[]) => statuses.filter((status) => wanted.includes(status)).length;
  return {
    projects: trees.length,
    environments: environments.length,
    applications: statuses.length,
    compose: 0,
    databases: 0,
    services: statuses.length,
    status: { running: count('running', 'done'), error: count('error'), idle: count('idle') },
  };
}
