import { z } from 'zod';
import { createApp as createAppBody } from '../../../shared/api/apps.ts';
import { reachApp, reachEnvironment, reachProject } from '../../services/access.ts';
import { changeApp, createApp } from '../../services/apps.ts';
import { requestDeployment } from '../../services/deployments.ts';
import { readStandings } from '../../services/overview.ts';
import { removeApp } from '../../services/removals.ts';
import { makeSlug } from '../../services/slugs.ts';
import { unsupportedField } from '../failure.ts';
import { text } from '../fields.ts';
import { mutation, query, type Call, type Router } from '../procedure.ts';
import { applicationDetail, readApplication, readDetail } from '../read-application.ts';
import { applicationRow, toApplication } from '../rows/application.ts';
import { pageOf, searchFields, searchPage } from '../search.ts';

const byId = z.object({ applicationId: text });
const { name, description } = createAppBody.shape;

const newApplication = z.object({
  environmentId: text,
  name,
  appName: text.regex(/^[a-zA-Z0-9._-]+$/).max(63).optional().meta({ description: 'The slug begins with it, and ends with six characters that make it unique.' }),
  description: description.unwrap().nullish(),
  serverId: createAppBody.shape.server_id.nullish(),
  sourceType: text.optional(),
});

/** Without a domain, and so without a port: `domain.create` gives it one. */
async function create({ ctx, actor }: Call, { environmentId, name: called, appName = called, description: said, serverId }: z.infer<typeof newApplication>, image: string | null = null) {
  const environment = await reachEnvironment(ctx, actor, { id: environmentId, action: 'apps:write' });
  const project = await reachProject(ctx, actor, { id: environment.projectId, action: 'apps:write' });
  const input = createAppBody.parse({ name: called, slug: makeSlug(appName), description: said ?? '', image, internal_port: null, environment_id: environment.id, ...(serverId != null && { server_id: serverId }) });
  return (await createApp(ctx, actor, project, input)).app;
}

const found = applicationRow.pick({ applicationId: true, name: true, appName: true, description: true, environmentId: true, applicationStatus: true, sourceType: true, dockerImage: true, createdAt: true });

export const applicationRouter: Router = {
  create: mutation({ needs: 'apps:write', input: newApplication, output: applicationRow, run: async (call, input) => toApplication(await create(call, input), { latest: null }) }),
  one: query({ needs: 'apps:read', input: byId, output: applicationDetail, run: (call, { applicationId }) => readDetail(call, applicationId) }),
  delete: mutation({
    needs: 'apps:write',
    input: byId,
    output: applicationRow,
    async run({ ctx, actor }, { applicationId }) {
      const app = await reachApp(ctx, actor, { id: applicationId, action: 'apps:write' });
      const row = await readApplication(ctx, app);
      await removeApp(ctx, app, { isQueued: true, volumes: [] });
      return row;
    },
  }),
  move: mutation({
    needs: 'apps:write',
    input: z.object({ applicationId: text, targetEnvironmentId: text }),
    output: applicationRow,
    async run({ ctx, actor }, { applicationId, targetEnvironmentId }) {
      const app = await reachApp(ctx, actor, { id: applicationId, action: 'apps:write' });
      const target = await reachEnvironment(ctx, actor, { id: targetEnvironmentId, action: 'apps:write' });
      if (target.projectId !== app.projectId) throw unsupportedField('targetEnvironmentId', 'An app stays in its project, whose network it uses: name one of its environments.');
      return readApplication(ctx, (await changeApp(ctx, actor, app, { environment_id: target.id })).app);
    },
  }),
  search: query({
    needs: 'apps:read',
    input: z.object({ ...searchFields, name: text.optional(), appName: text.optional(), description: text.optional(), repository: text.optional(), owner: text.optional(), dockerImage: text.optional(), projectId: text.optional(), environmentId: text.optional() }),
    output: searchPage(found),
    async run({ ctx, actor }, { projectId, ...wanted }) {
      const apps = await readStandings(ctx, actor, projectId);
      return pageOf(apps.map((app) => found.parse(toApplication(app, app))), wanted);
    },
  }),
  deployNginxQuickstart: mutation({
    needs: 'apps:write',
    input: z.object({ environmentId: text, serverId: newApplication.shape.serverId }),
    output: applicationRow,
    async run(call, { environmentId, serverId }) {
      const { ctx, actor } = call;
      const made = await create(call, { environmentId, name: 'nginx', serverId }, 'nginx:alpine');
      const { app } = await changeApp(ctx, actor, made, { internal_port: 80 });
      await requestDeployment(ctx, actor, app, { isQueued: true });
      return readApplication(ctx, app);
    },
  }),
};
