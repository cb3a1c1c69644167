import { z } from 'zod';
import { app, appEnv, appPage, appQuery, createApp as createAppBody, duplicateApp as duplicateAppBody, updateApp as updateAppBody } from '../../shared/api/apps.ts';
import { volumeName } from '../../shared/api/volumes.ts';
import { toApp } from '../present.ts';
import { defineRoute, onApp, onProject, onUser } from '../route.ts';
import { openEnv } from '../services/app-env.ts';
import { changeApp, createApp, readApps, withUsage, type LiveApp } from '../services/apps.ts';
import type { Context } from '../services/context.ts';
import { duplicateApp } from '../services/copies.ts';
import { mapPage } from '../services/pages.ts';
import { removeApp } from '../services/removals.ts';
import { locationOf } from './deploy-reply.ts';
import { appParams, projectParams } from './params.ts';
import { body, deploymentLocation, json, noContent } from './replies.ts';

const onePath = '/api/v1/apps/{appId}';
const tags = ['Apps'];

const present = (ctx: Context) => (live: LiveApp) => toApp(live, ctx.config.baseDomain);

/** PUT and PATCH are the same partial update (decision 4 of the requirements). */
const update = (method: 'put' | 'patch', operationId: string) =>
  defineRoute(
    onApp,
    ['slug_immutable', 'image_not_found', 'environment_not_found', 'concurrent_change', 'limit_below_usage', 'limit_out_of_range', 'invalid_state', 'executor_offline', 'executor_lost', 'unsupported_command', 'engine_unreachable', 'engine_error'],
    {
      method,
      path: onePath,
      operationId,
      summary: 'Change settings of an app',
      description:
        'Limits change on the running container: the same container, not restarted. Setting one to null, which the engine cannot do in place, deploys the image that runs once more: 202, and `Location` leads to the deployment. A limit that is refused changes nothing.',
      tags,
      request: { params: appParams, body: body(updateAppBody) },
      responses: { 200: json(app, 'The app as it is now.'), 202: { ...json(app, 'The app as it is now; a deployment takes the limit away.'), headers: deploymentLocation } },
    },
    async (c) => {
      const { deployment, ...live } = await changeApp(c.get('ctx'), c.get('actor'), c.get('app'), c.req.valid('json'));
      const reply = present(c.get('ctx'))(live);
      if (deployment === null) return c.json(reply, 200);
      c.header('Location', locationOf(deployment));
      return c.json(reply, 202);
    },
  );

const removeQuery = z.strictObject({
  queue: z.enum(['true', 'false']).default('false').meta({ description: '`true`: when the executor is offline, the app goes now and its host is told when it returns.', example: 'false' }),
  delete_volumes: z
    .string()
    .regex(/^[a-z0-9-]{1,40}(?:,[a-z0-9-]{1,40}){0,99}$/)
    .transform((names) => names.split(','))
    .pipe(z.array(volumeName))
    .optional()
    .meta({ description: 'Names of the volumes to delete with it, separated by commas. An app with a volume that is not named is not deleted.', example: 'data,cache' }),
});

export const appRoutes = [
  defineRoute(
    onUser,
    ['invalid_cursor'],
    { method: 'get', path: '/api/v1/apps', operationId: 'listApps', summary: 'List all your apps', tags, request: { query: appQuery }, responses: { 200: json(appPage, 'The apps you can reach, oldest first.') } },
    async (c) => c.json(mapPage(await readApps(c.get('ctx'), c.get('actor'), c.req.valid('query')), present(c.get('ctx'))), 200),
  ),
  defineRoute(
    onProject,
    ['invalid_cursor'],
    {
      method: 'get',
      path: '/api/v1/projects/{projectId}/apps',
      operationId: 'listProjectApps',
      summary: 'List the apps of a project',
      tags,
      request: { params: projectParams, query: appQuery },
      responses: { 200: json(appPage, 'Apps of the project, oldest first.') },
    },
    async (c) => c.json(mapPage(await readApps(c.get('ctx'), c.get('actor'), c.req.valid('query'), c.get('project').id), present(c.get('ctx'))), 200),
  ),
  defineRoute(
    onProject,
    ['slug_invalid', 'slug_reserved', 'slug_taken', 'image_not_found', 'server_not_found', 'environment_not_found'],
    {
      method: 'post',
      path: '/api/v1/projects/{projectId}/apps',
      operationId: 'createApp',
      summary: 'Make an app in a project',
      description: 'Makes the app, does not start it: POST /api/v1/apps/{appId}/deploy does.',
      tags,
      request: { params: projectParams, body: body(createAppBody) },
      responses: { 201: json(app, 'The new app.') },
    },
    async (c) => c.json(present(c.get('ctx'))(await createApp(c.get('ctx'), c.get('actor'), c.get('project'), c.req.valid('json'))), 201),
  ),
  defineRoute(
    onApp,
    [],
    { method: 'get', path: onePath, operationId: 'getApp', summary: 'Read an app', tags, request: { params: appParams }, responses: { 200: json(app, 'The app.') } },
    async (c) => c.json(present(c.get('ctx'))(await withUsage(c.get('ctx'), c.get('app'))), 200),
  ),
  defineRoute(
    onApp,
    ['slug_invalid', 'slug_reserved', 'slug_taken', 'environment_not_found'],
    {
      method: 'post',
      path: `${onePath}/duplicate`,
      operationId: 'duplicateApp',
      summary: 'Make a copy of an app',
      description:
        'With its settings, limits and environment variables, which takes the right to read them (`secrets:read`). Left out are the content of its volumes, its `published_ports`, which no two apps of a server have, and an image that was uploaded for it: `image` is null then. Does not start the copy: POST /api/v1/apps/{appId}/deploy does.',
      tags,
      request: { params: appParams, body: body(duplicateAppBody) },
      responses: { 201: json(app, 'The copy.') },
    },
    async (c) => c.json(present(c.get('ctx'))(await duplicateApp(c.get('ctx'), c.get('actor'), c.get('app'), c.req.valid('json'))), 201),
  ),
  update('put', 'updateApp'),
  update('patch', 'patchApp'),
  defineRoute(
    onApp,
    ['app_has_volumes', 'volume_in_use', 'executor_offline', 'executor_lost', 'unsupported_command', 'engine_unreachable', 'engine_error', 'proxy_unavailable'],
    {
      method: 'delete',
      path: onePath,
      operationId: 'deleteApp',
      summary: 'Delete an app, its route and its containers',
      tags,
      request: { params: appParams, query: removeQuery },
      responses: { 204: noContent, 202: { description: 'The app is gone here; its host is away and is told when it returns. Nobody can see there now whether it has volumes that its settings no longer name: those stay on the host, unless `delete_volumes` names them too.' } },
    },
    async (c) => {
      const { queue, delete_volumes: volumes = [] } = c.req.valid('query');
      const { isGone } = await removeApp(c.get('ctx'), c.get('app'), { isQueued: queue === 'true', volumes });
      return c.body(null, isGone ? 204 : 202);
    },
  ),
  defineRoute(
    onApp,
    [],
    {
      method: 'get',
      path: `${onePath}/env`,
      operationId: 'getAppEnv',
      summary: 'Read environment variables with their values',
      tags,
      request: { params: appParams },
      responses: { 200: json(appEnv, 'Names and values.') },
    },
    async (c) => c.json({ env: await openEnv(c.get('ctx'), c.get('app')) }, 200),
  ),
];
