import { z } from 'zod';
import { addedVolume, addVolume as addVolumeBody, volumeList, volumeName } from '../../shared/api/volumes.ts';
import { AppError } from '../../shared/errors.ts';
import { toVolume } from '../present.ts';
import { defineRoute, onApp } from '../route.ts';
import { addVolume, deleteVolume, readContent, readVolumes, writeContent } from '../services/volumes.ts';
import { executorErrors } from './executor-errors.ts';
import { appParams, volumeParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const listPath = '/api/v1/apps/{appId}/volumes';
const contentPath = `${listPath}/{volume}/content`;
const tags = ['Volumes'];

const archive = z.string().meta({ format: 'binary', description: 'A tar.', example: '(bytes)' });

export const volumeRoutes = [
  defineRoute(
    onApp,
    executorErrors,
    {
      method: 'get',
      path: listPath,
      operationId: 'listVolumes',
      summary: 'List the volumes of an app',
      description: 'Those in its settings, and those its server still has.',
      tags,
      request: { params: appParams },
      responses: { 200: json(volumeList, 'The volumes, by name.') },
    },
    async (c) => c.json({ data: (await readVolumes(c.get('ctx'), c.get('app'))).map(toVolume) }, 200),
  ),
  defineRoute(
    onApp,
    ['volume_exists', 'concurrent_change'],
    {
      method: 'post',
      path: listPath,
      operationId: 'addVolume',
      summary: 'Add a volume to an app',
      description: 'Adds it to the settings; the next deployment makes and mounts it. From then on the app is deployed stop-first: the old container ends before the new one starts.',
      tags,
      request: { params: appParams, body: body(addVolumeBody) },
      responses: { 201: json(addedVolume, 'The volume, and what is left to do.') },
    },
    async (c) => {
      const app = c.get('app');
      const added = await addVolume(c.get('ctx'), c.get('actor'), app, c.req.valid('json'));
      return c.json({ ...toVolume(added), message: `Mounted with the next deployment: POST /api/v1/apps/${app.slug}/deploy.` }, 201);
    },
  ),
  defineRoute(
    onApp,
    ['volume_not_found', 'volume_in_use', 'concurrent_change', ...executorErrors],
    {
      method: 'delete',
      path: `${listPath}/{volume}`,
      operationId: 'deleteVolume',
      summary: 'Delete a volume and what is in it',
      description: 'Not while a container has it: change `volumes` of the app so that it no longer names it, deploy, then delete it.',
      tags,
      request: { params: volumeParams },
      responses: { 204: noContent },
    },
    async (c) => {
      await deleteVolume(c.get('ctx'), c.get('actor'), c.get('app'), c.req.valid('param').volume);
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onApp,
    ['volume_not_found', 'volume_in_use', 'concurrent_change', ...executorErrors],
    {
      method: 'delete',
      path: listPath,
      operationId: 'deleteVolumeByQuery',
      summary: 'Delete a volume and what is in it, named in the query',
      tags,
      request: { params: appParams, query: z.strictObject({ name: volumeName.meta({ description: 'Name of the volume.', example: 'data' }) }) },
      responses: { 204: noContent },
    },
    async (c) => {
      await deleteVolume(c.get('ctx'), c.get('actor'), c.get('app'), c.req.valid('query').name);
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onApp,
    ['volume_not_found', ...executorErrors],
    {
      method: 'get',
      path: contentPath,
      operationId: 'downloadVolume',
      summary: 'Download what is in a volume, as a tar',
      description: 'Streamed from the server of the app as it is read, while the app goes on writing: stop or pause the app first where the files have to fit together.',
      tags,
      request: { params: volumeParams },
      responses: { 200: { description: 'The content; paths begin at the volume.', content: { 'application/x-tar': { schema: archive } } } },
    },
    async (c) => {
      const { volume } = c.req.valid('param');
      const content = await readContent(c.get('ctx'), c.get('app'), volume);
      return c.body(content, 200, { 'content-type': 'application/x-tar', 'content-disposition': `attachment; filename="${c.get('app').slug}-${volume}.tar"` });
    },
  ),
  defineRoute(
    onApp,
    ['volume_not_found', 'archive_invalid', 'archive_too_large', 'upload_interrupted', 'upload_disabled', 'insufficient_storage', 'server_revoked', 'policy_refused', ...executorErrors],
    {
      method: 'put',
      path: contentPath,
      operationId: 'uploadVolume',
      summary: 'Unpack a tar into a volume',
      description: 'Files of the archive are added or replaced, others stay. The archive may be compressed with gzip or zstd. One that breaks off is refused, but what came before the break may be in the volume already.',
      tags,
      request: { params: volumeParams, body: { required: true, content: { 'application/x-tar': { schema: archive }, 'application/gzip': { schema: archive }, 'application/octet-stream': { schema: archive } } } },
      responses: { 204: noContent },
    },
    async (c) => {
      const { body: content } = c.req.raw;
      if (content === null) throw new AppError('archive_invalid', { detail: 'The body is empty: send a tar.' });
      await writeContent(c.get('ctx'), c.get('actor'), c.get('app'), { volume: c.req.valid('param').volume, body: content, length: readLength(c.req.header('content-length')) });
      return c.body(null, 204);
    },
  ),
];

function readLength(header: string | undefined): number | null {
  const length = Number(header ?? Number.NaN);
  return Number.isSafeInteger(length) ? length : null;
}
