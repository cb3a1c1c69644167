import { pageQuery } from '../../shared/api/common.ts';
import { archiveQuery, deployment, deploymentPage, deployQuery, rollbackBody, type ArchiveQuery } from '../../shared/api/deployments.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { toDeployment } from '../present.ts';
import { defineRoute, onApp, onDeployment } from '../route.ts';
import { cancelDeployment, describe, readDeployments, requestDeployment } from '../services/deployments.ts';
import { invalidValue } from '../services/invalid-value.ts';
import { mapPage } from '../services/pages.ts';
import { rollBack } from '../services/rollback.ts';
import { deployArchive, type Archive, type Body } from '../services/uploads.ts';
import { archiveBody, readArchive, readBody } from './archive-body.ts';
import { deployErrors, deployResponses, followDeployment, locationOf } from './deploy-reply.ts';
import { appParams, deploymentParams, slugParams } from './params.ts';
import { json, optionalBody } from './replies.ts';

const tags = ['Deployments'];

/** What a body that does not belong there, or an archive, is refused with. */
const bodyErrors: readonly ErrorCode[] = [
  'unknown_field', 'unsupported_media_type', 'payload_too_large', 'archive_invalid', 'archive_ambiguous', 'archive_too_large', 'image_not_in_archive', 'digest_mismatch', 'upload_not_found',
  'upload_incomplete', 'upload_interrupted', 'upload_disabled', 'insufficient_storage', 'unsupported_command',
];

interface Door {
  path: string;
  params: typeof appParams | typeof slugParams;
  operationId: string;
  summary: string;
  /** Whether it takes archives only. */
  isForArchives?: boolean;
}

const deploy = ({ isForArchives = false, params, ...door }: Door) =>
  defineRoute(
    onApp,
    [...deployErrors, ...bodyErrors],
    {
      method: 'post',
      ...door,
      description:
        'Starts the new container, waits until it is healthy, switches the route, then drains and removes the old one. What fails leaves the old one serving. One at a time per app, first come first served. With the output of `docker save` as the body, or with `upload`, that image is loaded first and becomes the `image` of the app; an archive that is refused changes nothing.',
      tags,
      requestBody: { ...archiveBody, required: isForArchives },
      request: { params, query: archiveQuery },
      responses: deployResponses,
    },
    async (c) => {
      const [ctx, actor, app, query] = [c.get('ctx'), c.get('actor'), c.get('app'), c.req.valid('query')];
      const since = ctx.clock();
      const body = readArchive(c.req.raw) ?? (isForArchives && query.upload === undefined ? readBody(c.req.raw) : null);
      const archive = chooseArchive(body, query);
      const id = c.get('fixedId')?.('deployment');
      const requested = archive === null ? await requestDeployment(ctx, actor, app, { isQueued: query.queue === 'true', id }) : await deployArchive(ctx, actor, app, { ...archive, id });
      const { deployment, status } = await followDeployment(ctx, requested, { since, wait: query.wait, prefer: c.req.header('prefer') });
      if (status === 202) c.header('Location', locationOf(deployment));
      return c.json(deployment, status);
    },
  );

/** What is to be loaded; null: nothing, the app has its image. */
function chooseArchive(body: Body | null, { upload, image }: ArchiveQuery): Archive | null {
  if (body !== null && upload !== undefined) throw invalidValue('?upload', 'An upload is deployed without a body.');
  const from = body ?? upload;
  if (from !== undefined) return { from, pick: image ?? null };
  if (image !== undefined) throw invalidValue('?image', 'It names an image within an archive, and there is none. To deploy another image change the app first: PUT /api/v1/apps/{appId}.');
  return null;
}

export const deploymentRoutes = [
  deploy({ path: '/api/v1/apps/{appId}/deploy', params: appParams, operationId: 'deployApp', summary: 'Deploy an app' }),
  deploy({ path: '/api/v1/deploy/{slug}', params: slugParams, operationId: 'deployBySlug', summary: 'Deploy an app by its slug: the stable address for CI' }),
  deploy({ path: '/api/v1/apps/{appId}/upload-image', params: appParams, operationId: 'uploadImage', summary: 'Upload an image and deploy it', isForArchives: true }),
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
      const since = c.get('ctx').clock();
      // A body that was left out is no object at all to the framework.
      const { deployment_id: deploymentId } = rollbackBody.parse(c.req.valid('json') ?? {});
      const requested = await rollBack(c.get('ctx'), c.get('actor'), c.get('app'), { deploymentId, isQueued: queue === 'true', id: c.get('fixedId')?.('deployment') });
      const { deployment, status } = await followDeployment(c.get('ctx'), requested, { since, wait, prefer: c.req.header('prefer') });
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
    async (c) => c.json(toDeployment(await cancelDeployment(c.get('ctx'), c.get('actor'), c.get('deployment'))), 200),
  ),
];
