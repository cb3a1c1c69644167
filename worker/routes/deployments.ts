import { pageQuery } from '../../shared/api/common.ts';
import { deployment, deploymentPage, deployQuery, rollbackBody } from '../../shared/api/deployments.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { toDeployment } from '../present.ts';
import { defineRoute, onApp, onDeployment } from '../route.ts';
import { cancelDeployment, describe, readDeployments, requestDeployment } from '../services/deployments.ts';
import { mapPage } from '../services/pages.ts';
import { rollBack } from '../services/rollback.ts';
import { deployErrors, deployResponses, followDeployment, locationOf } from './deploy-reply.ts';
import { appParams, deploymentParams, slugParams } from './params.ts';
import { json, optionalBody } from './replies.ts';

const tags = ['Deployments'];

/** What a body that does not belong there is refused with. */
const bodyErrors: readonly ErrorCode[] = ['unknown_field', 'image_upload_unavailable', 'unsupported_media_type', 'payload_too_large'];

const deploy = (path: string, params: typeof appParams | typeof slugParams, operationId: string, summary: string) =>
  defineRoute(
    onApp,
    [...deployErrors, ...bodyErrors],
    {
      method: 'post',
      path,
      operationId,
      summary,
      description: 'Starts the new container, waits until it is healthy, switches the route, then drains and removes the old one. What fails leaves the old one serving. One at a time per app, first come first served.',
      tags,
      request: { params, query: deployQuery },
      responses: deployResponses,
    },
    async (c) => {
      refuseBody((name) => c.req.header(name));
      const query = c.req.valid('query');
      const requested = await requestDeployment(c.get('ctx'), c.get('actor'), c.get('app'), { isQueued: query.queue === 'true' });
      const { deployment, status } = await followDeployment(c.get('ctx'), requested, { wait: query.wait, prefer: c.req.header('prefer') });
      if (status === 202) c.header('Location', locationOf(deployment));
      return c.json(deployment, status);
    },
  );

/** A body is an image or a mistake; an empty JSON object (two bytes) is neither. Told by the headers: nothing is read. */
function refuseBody(header: (name: string) => string | undefined): void {
  const type = header('content-type')?.split(';')[0]?.trim().toLowerCase();
  const length = Number(header('content-length') ?? (header('transfer-encoding') === undefined ? 0 : Infinity));
  if (type === undefined || length === 0) return;
  if (type === 'application/json') {
    if (length <= 2) return;
    throw new AppError('unknown_field', { detail: 'A deploy takes no fields. Change the app first: PUT /api/v1/apps/{appId}.' });
  }
  if (/^application\/(octet-stream|x-tar|gzip|x-gzip|zstd)$/.test(type)) throw new AppError('image_upload_unavailable', { detail: 'This release deploys images that its engine has or can pull.' });
  throw new AppError('unsupported_media_type', { detail: 'A deploy takes no body.' });
}

export const deploymentRoutes = [
  deploy('/api/v1/apps/{appId}/deploy', appParams, 'deployApp', 'Deploy an app'),
  deploy('/api/v1/deploy/{slug}', slugParams, 'deployBySlug', 'Deploy an app by its slug: the stable address for CI'),
  defineRoute(
    onApp,
    ['image_upload_unavailable'],
    {
      method: 'post',
      path: '/api/v1/apps/{appId}/upload-image',
      operationId: 'uploadImage',
      summary: 'Upload an image and deploy it (not in this release)',
      tags,
      request: { params: appParams },
      responses: { 202: deployResponses[202] },
    },
    () => {
      throw new AppError('image_upload_unavailable', { detail: 'This release deploys images that its engine has or can pull.' });
    },
  ),
  defineRoute(
    onApp,
    [...deployErrors, 'no_earlier_deployment', 'deployment_not_found'],
    {
      method: 'post',
      path: '/api/v1/apps/{appId}/rollback',
      operationId: 'rollbackApp',
      summary: 'Bring the image of an earlier deployment back',
      description:
        'The images of the current deployment and of the three before it that succeeded are kept. The one asked for is deployed as any other, with the settings and the environment of today: it has to become healthy before it serves. The `image` in the settings stays, so the next deploy goes forward again.',
      tags,
      request: { params: appParams, query: deployQuery, body: optionalBody(rollbackBody) },
      responses: deployResponses,
    },
    async (c) => {
      const { wait, queue } = c.req.valid('query');
      // A body that was left out is no object at all to the framework.
      const { deployment_id: deploymentId } = rollbackBody.parse(c.req.valid('json') ?? {});
      const requested = await rollBack(c.get('ctx'), c.get('actor'), c.get('app'), { deploymentId, isQueued: queue === 'true' });
      const { deployment, status } = await followDeployment(c.get('ctx'), requested, { wait, prefer: c.req.header('prefer') });
      if (status === 202) c.header('Location', locationOf(deployment));
      return c.json(deployment, status);
    },
  ),
  defineRoute(
    onApp,
    ['invalid_cursor'],
    {
      method: 'get',
      path: '/api/v1/apps/{appId}/deployments',
      operationId: 'listAppDeployments',
      summary: 'List the deployments of an app',
      tags,
      request: { params: appParams, query: pageQuery },
      responses: { 200: json(deploymentPage, 'Deployments, newest first.') },
    },
    async (c) => c.json(mapPage(await readDeployments(c.get('ctx'), c.get('app'), c.req.valid('query')), toDeployment), 200),
  ),
  defineRoute(
    onDeployment,
    [],
    {
      method: 'get',
      path: '/api/v1/deployments/{deploymentId}',
      operationId: 'getDeployment',
      summary: 'Read a deployment',
      tags,
      request: { params: deploymentParams },
      responses: { 200: json(deployment, 'The deployment.') },
    },
    async (c) => c.json(toDeployment(await describe(c.get('ctx'), c.get('deployment'))), 200),
  ),
  defineRoute(
    onDeployment,
    ['deployment_finished', 'executor_offline', 'executor_lost', 'unsupported_command'],
    {
      method: 'post',
      path: '/api/v1/deployments/{deploymentId}/cancel',
      operationId: 'cancelDeployment',
      summary: 'Cancel a deployment that has not switched yet',
      tags,
      request: { params: deploymentParams },
      responses: { 200: json(deployment, 'The deployment as it is now.') },
    },
    async (c) => c.json(toDeployment(await cancelDeployment(c.get('ctx'), c.get('deployment'))), 200),
  ),
];
