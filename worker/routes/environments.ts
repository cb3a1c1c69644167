import { pageQuery } from '../../shared/api/common.ts';
import { createEnvironment as createEnvironmentBody, duplicateEnvironment as duplicateEnvironmentBody, environment, environmentPage, updateEnvironment as updateEnvironmentBody } from '../../shared/api/environments.ts';
import { toEnvironment } from '../present.ts';
import { defineRoute, onEnvironment, onProject } from '../route.ts';
import { duplicateEnvironment } from '../services/copies.ts';
import { changeEnvironment, createEnvironment, readEnvironments, removeEnvironment } from '../services/environments.ts';
import { mapPage } from '../services/pages.ts';
import { environmentParams, projectParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/projects/{projectId}/environments';
const onePath = '/api/v1/environments/{environmentId}';
const tags = ['Environments'];

/** PUT and PATCH are the same partial update (decision 4 of the requirements). */
const update = (method: 'put' | 'patch', operationId: string) =>
  defineRoute(
    onEnvironment,
    ['environment_exists'],
    { method, path: onePath, operationId, summary: 'Change an environment', tags, request: { params: environmentParams, body: body(updateEnvironmentBody) }, responses: { 200: json(environment, 'The environment as it is now.') } },
    async (c) => c.json(toEnvironment(await changeEnvironment(c.get('ctx'), c.get('environment'), c.req.valid('json'))), 200),
  );

export const environmentRoutes = [
  defineRoute(
    onProject,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listEnvironments', summary: 'List the environments of a project', tags, request: { params: projectParams, query: pageQuery }, responses: { 200: json(environmentPage, 'Environments of the project, oldest first.') } },
    async (c) => c.json(mapPage(await readEnvironments(c.get('ctx'), c.get('project'), c.req.valid('query')), toEnvironment), 200),
  ),
  defineRoute(
    onProject,
    ['environment_exists'],
    { method: 'post', path, operationId: 'createEnvironment', summary: 'Make an environment in a project', tags, request: { params: projectParams, body: body(createEnvironmentBody) }, responses: { 201: json(environment, 'The new environment.') } },
    async (c) => c.json(toEnvironment(await createEnvironment(c.get('ctx'), c.get('project'), c.req.valid('json'))), 201),
  ),
  defineRoute(
    onEnvironment,
    [],
    { method: 'get', path: onePath, operationId: 'getEnvironment', summary: 'Read an environment', tags, request: { params: environmentParams }, responses: { 200: json(environment, 'The environment.') } },
    (c) => c.json(toEnvironment(c.get('environment')), 200),
  ),
  defineRoute(
    onEnvironment,
    ['environment_exists'],
    {
      method: 'post',
      path: `${onePath}/duplicate`,
      operationId: 'duplicateEnvironment',
      summary: 'Make a copy of an environment with its apps',
      description: 'In the same project, with a copy of each app in it, at most 100, as POST /api/v1/apps/{appId}/duplicate makes them, under slugs that are made from their names. All or nothing.',
      tags,
      request: { params: environmentParams, body: body(duplicateEnvironmentBody) },
      responses: { 201: json(environment, 'The copy. GET /api/v1/apps?environment_id= lists its apps.') },
    },
    async (c) => c.json(toEnvironment(await duplicateEnvironment(c.get('ctx'), c.get('actor'), c.get('environment'), c.req.valid('json'))), 201),
  ),
  update('put', 'updateEnvironment'),
  update('patch', 'patchEnvironment'),
  defineRoute(
    onEnvironment,
    ['environment_is_default', 'environment_not_empty'],
    { method: 'delete', path: onePath, operationId: 'deleteEnvironment', summary: 'Delete an environment without apps', tags, request: { params: environmentParams }, responses: { 204: noContent } },
    async (c) => {
      await removeEnvironment(c.get('ctx'), c.get('environment'));
      return c.body(null, 204);
    },
  ),
];
