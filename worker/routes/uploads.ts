/** Resumable uploads (tus 1.0), for archives that are larger than one request may be, or than one connection lasts. */
import type { Context as HonoContext, MiddlewareHandler } from 'hono';
import type { ErrorCode } from '../../shared/errors.ts';
import { defineRoute, onApp, type BaseEnv } from '../route.ts';
import { pieceType, relayUpload, tusVersion, type UploadRequest } from '../services/uploads.ts';
import { readBody } from './archive-body.ts';
import { linkErrors } from './executor-errors.ts';
import { appParams, uploadParams } from './params.ts';

const path = '/api/v1/apps/{appId}/uploads';
const onePath = `${path}/{uploadId}` as const;
const tags = ['Deployments'];
const optionErrors: readonly ErrorCode[] = ['upload_disabled', 'server_revoked', ...linkErrors];
const uploadErrors: readonly ErrorCode[] = [...optionErrors, 'upload_version_unsupported', 'upload_header_invalid'];
const pieceErrors: readonly ErrorCode[] = [...uploadErrors, 'upload_not_found'];
const bodyErrors: readonly ErrorCode[] = ['archive_too_large', 'upload_interrupted', 'insufficient_storage'];

const header = (description: string, example: string) => ({ description, schema: { type: 'string' as const, example } });
const parameter = (name: string, description: string, { example, isRequired = false }: { example: string; isRequired?: boolean }) => ({
  name,
  in: 'header' as const,
  required: isRequired,
  description,
  schema: { type: 'string' as const, description, example },
});

const asked = {
  version: parameter('Tus-Resumable', 'Version of the protocol.', { example: tusVersion, isRequired: true }),
  length: parameter('Upload-Length', 'Bytes the upload is to have.', { example: '524288000' }),
  deferred: parameter('Upload-Defer-Length', '`1` when the length is not known yet: the last piece brings it as `Upload-Length`.', { example: '1' }),
  metadata: parameter('Upload-Metadata', 'Pairs of a name and a base64 value. `sha256` has the bytes checked before they are loaded: its value is the hex digest.', { example: 'sha256 OWY4NmQwODE4ODRjN2Q2NTlhMmZlYWEwYzU1YWQwMTVhM2JmNGYxYjJiMGI4MjJjZDE1ZDZjMTViMGYwMGEwOA==' }),
  offset: parameter('Upload-Offset', 'Where the piece begins: as many bytes as have arrived.', { example: '471859200', isRequired: true }),
};

const told = {
  'Tus-Resumable': header('Version of the protocol.', tusVersion),
  'Upload-Offset': header('Bytes that have arrived.', '471859200'),
  'Upload-Length': header('Bytes it is to have; not there while that is not known.', '524288000'),
  'Upload-Expires': header('When an upload that is not finished goes.', 'Mon, 23 Nov 2026 18:50:28 GMT'),
  Location: header('Where the pieces go.', '/api/v1/apps/app_1k3m8v0qz9x4c7b2n5h6t0/uploads/9b1f0c6d5e7a4c2f8d3b6a1e0f9c8b7d'),
};
const { 'Tus-Resumable': version, 'Upload-Offset': offset, 'Upload-Expires': expires } = told;

/** For the spec alone: the body is passed on as it comes. */
const piece = { [pieceType]: { schema: { type: 'string' as const, format: 'binary' } } };

/** The protocol wants its version on every reply, refusals among them, and the versions there are where another one was asked for. */
const speakTus: MiddlewareHandler<BaseEnv> = async (c, next) => {
  c.header('Tus-Resumable', tusVersion);
  c.header('Tus-Version', tusVersion);
  await next();
};

const onUploads: typeof onApp = { ...onApp, doors: [speakTus] };

/** What `relay` needs of a handler's context. */
interface Asked extends Pick<HonoContext, 'newResponse'> {
  var: { ctx: Parameters<typeof relayUpload>[0]; app: Parameters<typeof relayUpload>[1] };
  req: { raw: Request };
}

/** The executor's answer, with the statuses and headers of the protocol. */
async function relay(c: Asked, request: Omit<UploadRequest, 'headers'>): Promise<Response> {
  const { status, headers, body } = await relayUpload(c.var.ctx, c.var.app, { ...request, headers: c.req.raw.headers });
  // The protocol's statuses are not the framework's list.
  return c.newResponse(body === '' || status === 204 ? null : body, status as 200, headers);
}

export const uploadRoutes = [
  defineRoute(
    onUploads,
    optionErrors,
    {
      method: 'options',
      path,
      operationId: 'readUploadOptions',
      summary: 'What the server takes of the protocol of resumable uploads',
      tags,
      request: { params: appParams },
      responses: {
        204: {
          description: 'In its headers.',
          headers: {
            'Tus-Resumable': version,
            'Tus-Version': header('Versions.', tusVersion),
            'Tus-Extension': header('Extensions.', 'creation,creation-with-upload,creation-defer-length,termination,expiration'),
            'Tus-Max-Size': header('Bytes of an upload.', '20000000000'),
          },
        },
      },
    },
    (c) => relay(c, { method: 'OPTIONS', upload: null, body: null }),
  ),
  defineRoute(
    onUploads,
    [...uploadErrors, ...bodyErrors, 'too_many_uploads'],
    {
      method: 'post',
      path,
      operationId: 'createUpload',
      summary: 'Begin a resumable upload of an image',
      description:
        'tus 1.0: with `Upload-Length`, or `Upload-Defer-Length: 1` where it is not known yet. Send the pieces with PATCH, the first one here if you like, then deploy with `POST /api/v1/deploy/{slug}?upload={uploadId}`. It is kept for 24 hours.',
      tags,
      parameters: [asked.version, asked.length, asked.deferred, asked.metadata],
      requestBody: { required: false, content: piece },
      request: { params: appParams },
      responses: { 201: { description: 'Begun.', headers: { Location: told.Location, 'Tus-Resumable': version, 'Upload-Offset': offset, 'Upload-Expires': expires } } },
    },
    (c) => relay(c, { method: 'POST', upload: null, body: c.req.header('content-type') === pieceType ? readBody(c.req.raw) : null }),
  ),
  defineRoute(
    onUploads,
    pieceErrors,
    {
      method: 'get',
      path: onePath,
      operationId: 'getUpload',
      summary: 'How much of an upload has arrived; HEAD is the same',
      tags,
      parameters: [asked.version],
      request: { params: uploadParams },
      responses: { 200: { description: 'In its headers.', headers: { 'Tus-Resumable': version, 'Upload-Offset': offset, 'Upload-Length': told['Upload-Length'], 'Upload-Expires': expires } } },
    },
    (c) => relay(c, { method: 'HEAD', upload: c.req.valid('param').uploadId, body: null }),
  ),
  defineRoute(
    onUploads,
    [...pieceErrors, ...bodyErrors, 'upload_offset_mismatch', 'unsupported_media_type'],
    {
      method: 'patch',
      path: onePath,
      operationId: 'patchUpload',
      summary: 'Send a piece of an upload',
      description: 'With `Upload-Offset` as HEAD told it; another one is refused and nothing is taken. What has come of a piece that breaks off is kept.',
      tags,
      parameters: [asked.version, asked.offset, { ...asked.length, description: 'Where the length was left open: with the last piece.' }],
      requestBody: { required: true, content: piece },
      request: { params: uploadParams },
      responses: { 204: { description: 'The piece has arrived.', headers: { 'Tus-Resumable': version, 'Upload-Offset': offset, 'Upload-Expires': expires } } },
    },
    (c) => relay(c, { method: 'PATCH', upload: c.req.valid('param').uploadId, body: readBody(c.req.raw) }),
  ),
  defineRoute(
    onUploads,
    pieceErrors,
    {
      method: 'delete',
      path: onePath,
      operationId: 'deleteUpload',
      summary: 'Drop an upload',
      tags,
      parameters: [asked.version],
      request: { params: uploadParams },
      responses: { 204: { description: 'It is gone.', headers: { 'Tus-Resumable': version } } },
    },
    (c) => relay(c, { method: 'DELETE', upload: c.req.valid('param').uploadId, body: null }),
  ),
];
