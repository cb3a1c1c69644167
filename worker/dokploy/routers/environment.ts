import { z } from 'zod';
import { createEnvironment as createEnvironmentBody } from '../../../shared/api/environments.ts';
import { AppError } from '../../../shared/errors.ts';
import { reachEnvironment, reachProject } from '../../services/access.ts';
import { duplicateEnvironment } from '../../services/copies.ts';
import { changeEnvironment, createEnvironment, readPlace, removeEnvironment } from '../../services/environments.ts';
import { readOverview, type EnvironmentTree } from '../../services/overview.ts';
import { text } from '../fields.ts';
import { mutation, query, type Call, type Router } from '../procedure.ts';
import { environmentRow, environmentTree, projectRow, toEnvironmentRow, toEnvironmentTree, toProjectRow } from '../rows/project.ts';
import { pageOf, searchFields, searchPage } from '../search.ts';
import { refuseEnv } from './project.ts';

const byId = z.object({ environmentId: text });
const { name, description } = createEnvironmentBody.shape;
const withProject = environmentTree.extend({ project: projectRow });

async function readTrees({ ctx, actor }: Call, projectId: string): Promise<EnvironmentTree[]> {
  const [tree] = await readOverview(ctx, actor, projectId);
  return tree?.environments ?? [];
}

export const environmentRouter: Router = {
  one: query({
    needs: 'apps:read',
    input: byId,
    output: withProject,
    async run(call, { environmentId }) {
      const { projectId } = await reachEnvironment(call.ctx, call.actor, { id: environmentId, action: 'apps:read' });
      const tree = (await readTrees(call, projectId)).find(({ environment }) => environment.id === environmentId);
      if (tree === undefined) throw new AppError('environment_not_found');
      const { project } = await readPlace(call.ctx, { projectId, environmentId });
      return { ...toEnvironmentTree(tree), project: toProjectRow(project) };
    },
  }),
  byProjectId: query({
    needs: 'apps:read',
    input: z.object({ projectId: text }),
    output: z.array(withProject),
    async run(call, { projectId }) {
      const project = toProjectRow(await reachProject(call.ctx, call.actor, { id: projectId, action: 'apps:read' }));
      return (await readTrees(call, projectId)).map((tree) => ({ ...toEnvironmentTree(tree), project }));
    },
  }),
  create: mutation({
    needs: 'apps:write',
    input: z.object({ projectId: text, name, description: description.unwrap().optional() }),
    output: environmentRow,
    async run({ ctx, actor }, { projectId, description: said = '', name: called }) {
      const project = await reachProject(ctx, actor, { id: projectId, action: 'apps:write' });
      return toEnvironmentRow(await createEnvironment(ctx, project, { name: called, description: said }));
    },
  }),
  duplicate: mutation({
    needs: 'apps:write',
    input: z.object({ environmentId: text, name, description: description.unwrap().optional() }),
    output: environmentRow,
    async run({ ctx, actor, action }, { environmentId, name: called, description: said }) {
      const environment = await reachEnvironment(ctx, actor, { id: environmentId, action });
      return toEnvironmentRow(await duplicateEnvironment(ctx, actor, environment, { name: called, ...(said !== undefined && { description: said }) }));
    },
  }),
  update: mutation({
    needs: 'apps:write',
    input: z.object({ environmentId: text, name: name.optional(), description: description.unwrap().optional(), env: text.optional() }),
    output: environmentRow,
    async run({ ctx, actor }, { environmentId, env, ...changes }) {
      const environment = await reachEnvironment(ctx, actor, { id: environmentId, action: 'apps:write' });
      refuseEnv(env);
      return toEnvironmentRow(await changeEnvironment(ctx, environment, changes));
    },
  }),
  remove: mutation({
    needs: 'apps:write',
    input: byId,
    output: environmentRow,
    async run({ ctx, actor }, { environmentId }) {
      const environment = await reachEnvironment(ctx, actor, { id: environmentId, action: 'apps:write' });
      await removeEnvironment(ctx, environment);
      return toEnvironmentRow(environment);
    },
  }),
  search: query({
    needs: 'apps:read',
    input: z.object({ ...searchFields, name: text.optional(), description: text.optional(), projectId: text.optional() }),
    output: searchPage(environmentRow),
    async run({ ctx, actor }, wanted) {
      const trees = await readOverview(ctx, actor);
      return pageOf(trees.flatMap(({ environments }) => environments.map(({ environment }) => toEnvironmentRow(environment))), wanted);
    },
  }),
};
