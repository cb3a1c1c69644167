import { pageQuery } from '../../shared/api/common.ts';
import { deployment, deploymentPage, deployQuery, type Deployment } from '../../shared/api/deployments.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { isFinished } from '../../shared/status.ts';
import { toDeployment } from '../present.ts';
import { defineRoute, onApp, onDeployment } from '../route.ts';
import { awaitDeployment, cancelDeployment, describe, readDeployments, requestDeployment, type QueuedDeployment } from '../services/deployments.ts';
import { mapPage } from '../services/pages.ts';
import { appParams, deploymentParams, slugParams } from './params.ts';
import { json } from './replies.ts';

const tags = ['Deployments'];

/** What asking can be refused with, and, when the caller waits, why a deployment failed. */
const deployErrors: readonly ErrorCode[] = [
  'nothing_to_deploy', 'unknown_field', 'git_deploy_unavailable', 'image_upload_unavailable', 'unsupported_media_type', 'server_revoked', 'executor_offline', 'executor_lost', 'engine_unreachable', 'engine_error',
  'proxy_unavailable', 'image_not_found', 'image_pull_failed', 'policy_refused', 'container_start_failed', 'container_exited', 'health_check_failed', 'deadline_exceeded',
  'deployment_cancelled', 'app_deleted', 'payload_too_large',
];

const deployResponses = {
  202: {
    ...json(deployment, 'Accepted; `Location` leads to the deployment.'),
    headers: { Location: { description: 'Where to follow it.', required: true, schema: { type: 'string' as const, example: '/api/v1/deployments/dep_1k3m8v0qz9x4c7b2n5h6t0' } } },
  },
  200: json(deployment, 'It has ended well; only with `wait`.'),
};

const deploy = (path: string, params: typeof appParams | typeof slugParams, operationId: string, summary: string) =>
  defineRoute(
    onApp,
    deployErrors,
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
      const wait = query.wait ?? readPreferredWait(c.req.header('prefer'));
      const requested = await requestDeployment(c.get('ctx'), c.get('actor'), c.get('app'), { isQueued: query.queue === 'true' });
      const deployment = throwUnlessWell(wait === undefined ? requested : await awaitDeployment(c.get('ctx'), requested, wait));
      if (wait !== undefined && isFinished(deployment.status)) return c.json(deployment, 200);
      c.header('Location', `/api/v1/deployments/${deployment.id}`);
      return c.json(deployment, 202);
    },
  );

/** RFC 7240: `Prefer: respond-async, wait=30`. */
function readPreferredWait(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|[,;\s])wait=(\d{1,3})\b/.exec(prefer ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), 600);
}

/** A caller that waits, or whose deployment failed at once, is told by the status: an error that carries the deployment. */
function throwUnlessWell(queued: QueuedDeployment): Deployment {
  const deployment = toDeployment(queued);
  if (deployment.status === 'cancelled') throw new AppError('deployment_cancelled', { extra: { deployment } });
  if (deployment.failure !== null) throw new AppError(deployment.failure.code, { detail: deployment.failure.message, extra: { deployment } });
  return deployment;
}

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
