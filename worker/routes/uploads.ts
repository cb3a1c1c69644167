/** Resumable uploads (tus 1.0), for archives that are larger than one request may be, or than one connection lasts. */
import type { ErrorCode } from '../../shared/errors.ts';
import { defineRoute, onApp } from '../route.ts';
import { relayUpload } from '../services/uploads.ts';
import { readBody } from './archive-body.ts';
import { linkErrors } from './executor-errors.ts';
import { appParams, uploadParams } from './params.ts';

const path = '/api/v1/apps/{appId}/uploads';
const onePath = `${path}/{uploadId}` as const;
const tags = ['Deployments'];
const uploadErrors: readonly ErrorCode[] = ['upload_disabled', 'server_revoked', ...linkErrors];
const pieceErrors: readonly ErrorCode[] = [...uploadErrors, 'upload_not_found', 'archive_too_large', 'upload_interrupted'];

/** Of a piece; a creation may bring the first one along. */
const pieceType = 'application/offset+octet-stream';

const header = (description: string, example: string) => ({ description, schema: { type: 'string' as const, example } });
const offset = header('Bytes that have arrived.', '471859200');
const expires = header('When an upload that is not finished goes.', 'Mon, 23 Nov 2026 18:50:28 GMT');

/** The executor's answer, with the statuses and headers of the protocol. */
async function relay(...asked: Parameters<typeof relayUpload>): Promise<Response> {
  const { status, headers, body } = await relayUpload(...asked);
  return new Response(body === '' || status === 204 ? null : body, { status, headers });
}

export const uploadRoutes = [
  defineRoute(
    onApp,
    uploadErrors,
    {
      method: 'options',
      path,
      operationId: 'readUploadOptions',
      summary: 'What the server takes of the protocol of resumable uploads',
      tags,
      request: { params: appParams },
      responses: { 204: { description: 'In its headers.', headers: { 'Tus-Version': header('Versions.', '1.0.0'), 'Tus-Extension': header('Extensions.', 'creation,termination,expiration'), 'Tus-Max-Size': header('Bytes of an upload.', '20000000000') } } },
    },
    (c) => relay(c.get('ctx'), c.get('app'), { method: 'OPTIONS', upload: null, headers: c.req.raw.headers, body: null }),
  ),
  defineRoute(
    onApp,
    [...uploadErrors, 'archive_too_large', 'insufficient_storage', 'too_many_uploads'],
    {
      method: 'post',
      path,
      operationId: 'createUpload',
      summary: 'Begin a resumable upload of an image',
      description: 'tus 1.0: send `Tus-Resumable: 1.0.0` and `Upload-Length`; `Upload-Metadata: sha256 <base64 of the hex digest>` has the bytes checked before they are loaded. Send the pieces with PATCH, then deploy with `POST /api/v1/deploy/{slug}?upload={uploadId}`. It is kept for 24 hours.',
      tags,
      request: { params: appParams },
      responses: { 201: { description: 'Begun.', headers: { Location: header('Where the pieces go.', '/api/v1/apps/app_1k3m8v0qz9x4c7b2n5h6t0/uploads/9b1f0c6d5e7a4c2f8d3b6a1e0f9c8b7d'), 'Upload-Expires': expires } } },
    },
    (c) => relay(c.get('ctx'), c.get('app'), { method: 'POST', upload: null, headers: c.req.raw.headers, body: c.req.header('content-type') === pieceType ? readBody(c.req.raw) : null }),
  ),
  defineRoute(
    onApp,
    pieceErrors,
    {
      method: 'get',
      path: onePath,
      operationId: 'getUpload',
      summary: 'How much of an upload has arrived; HEAD is the same',
      tags,
      request: { params: uploadParams },
      responses: { 200: { description: 'In its headers.', headers: { 'Upload-Offset': offset, 'Upload-Length': header('Bytes it is to have.', '524288000') } } },
    },
    (c) => relay(c.get('ctx'), c.get('app'), { method: 'HEAD', upload: c.req.valid('param').uploadId, headers: c.req.raw.headers, body: null }),
  ),
  defineRoute(
    onApp,
    [...pieceErrors, 'insufficient_storage'],
    {
      method: 'patch',
      path: onePath,
      operationId: 'patchUpload',
      summary: 'Send a piece of an upload',
      description: 'With `Upload-Offset` as HEAD told it; another one is answered with a plain 409. What has come of a piece that breaks off is kept.',
      tags,
      // For the spec alone: the body is passed on as it comes.
      requestBody: { required: true, content: { [pieceType]: { schema: { type: 'string' as const, format: 'binary' } } } },
      request: { params: uploadParams },
      responses: { 204: { description: 'The piece has arrived.', headers: { 'Upload-Offset': offset, 'Upload-Expires': expires } } },
    },
    (c) => relay(c.get('ctx'), c.get('app'), { method: 'PATCH', upload: c.req.valid('param').uploadId, headers: c.req.raw.headers, body: readBody(c.req.raw) }),
  ),
  defineRoute(
    onApp,
    pieceErrors,
    { method: 'delete', path: onePath, operationId: 'deleteUpload', summary: 'Drop an upload', tags, request: { params: uploadParams }, responses: { 204: { description: 'It is gone.' } } },
    (c) => relay(c.get('ctx'), c.get('app'), { method: 'DELETE', upload: c.req.valid('param').uploadId, headers: c.req.raw.headers, body: null }),
  ),
];
