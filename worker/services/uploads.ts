/** Images that clients send: loaded by the executor under the tag of a deployment that is asked for only once the image is there. */
import { AppError } from '../../shared/errors.ts';
import { keptImage } from '../../shared/names.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { findAppById, updateSettings, type AppView } from '../store/apps.ts';
import type { Actor } from './actor.ts';
import type { Context } from './context.ts';
import { chooseServer, findRequested, requestDeployment, type QueuedDeployment } from './deployments.ts';
import { recordEvent } from './events.ts';

export interface Body {
  bytes: ReadableStream<Uint8Array>;
  /** Of the whole body, where the client says so. */
  length: number | null;
}

export interface Archive {
  /** The archive itself, or the id of a finished upload of it. */
  from: Body | string;
  /** The image in it that is meant, where there are several. */
  pick: string | null;
  /** Of the deployment, where it is known before. */
  id?: string | undefined;
}

/** @throws AppError git_deploy_unavailable, archive_*, image_not_in_archive, upload_*, digest_mismatch, insufficient_storage; as `requestDeployment`. What is refused has changed nothing. */
export async function deployArchive(ctx: Context, actor: Actor, app: AppView, { from, pick, id = ctx.newId('deployment') }: Archive): Promise<QueuedDeployment> {
  if (app.settings.git_repo_url !== null) throw new AppError('git_deploy_unavailable', { detail: 'The app is built from its repository: clear `git_repo_url` first.' });
  const known = await findRequested(ctx, id);
  if (known !== null) return known;
  const serverId = await chooseServer(ctx, app);
  const image = keptImage(app.slug, id);
  const wanted = { app: app.id, image, pick };
  if (typeof from === 'string') await ctx.executors.call(serverId, 'load_image', { ...wanted, upload: from, transfer: null });
  else await ctx.executors.upload(serverId, 'load_image', { ...wanted, upload: null }, from.bytes, from.length);
  await useImage(ctx, app.id, image);
  await recordEvent(ctx, { appId: app.id, type: 'image.uploaded', actor: actor.user.id, message: 'Image uploaded', data: { image, deployment_id: id } });
  // The host has the image: should it be away by now, nobody has to send it again.
  return requestDeployment(ctx, actor, app, { id, image, isQueued: true });
}

/** Whatever else somebody changes at the same moment stays. */
async function useImage(ctx: Context, appId: string, image: string): Promise<void> {
  for (;;) {
    const app = await findAppById(ctx.db, appId);
    if (app === undefined) throw new AppError('app_deleted', { detail: 'The app was deleted while its image came.' });
    if (await updateSettings(ctx.db, app, { settings: { ...app.settings, image }, updatedAt: Math.max(ctx.clock(), app.updatedAt + 1) })) return;
  }
}

export interface UploadRequest {
  method: Params<'upload'>['method'];
  upload: string | null;
  headers: Headers;
  body: Body | null;
}

/** Of resumable uploads: the only one that is spoken. */
export const tusVersion = '1.0.0';

/** Content type of a piece; a creation may bring the first one along. */
export const pieceType = 'application/offset+octet-stream';

/** What of a request and of a reply belongs to the protocol of resumable uploads. */
const requestHeaders = ['tus-resumable', 'upload-offset', 'upload-length', 'upload-defer-length', 'upload-metadata', 'content-type', 'content-length'];
const replyHeaders = ['tus-resumable', 'tus-version', 'tus-extension', 'tus-max-size', 'upload-offset', 'upload-length', 'upload-defer-length', 'upload-metadata', 'upload-expires', 'cache-control'];

/**
 * One request of a resumable upload, answered where the pieces are kept.
 * @throws AppError upload_version_unsupported, unsupported_media_type, upload_header_invalid, upload_offset_mismatch, upload_not_found, archive_too_large; as `ExecutorClient.upload`
 */
export async function relayUpload(ctx: Context, app: AppView, { method, upload, headers: given, body }: UploadRequest): Promise<Result<'upload'>> {
  requireProtocol(method, given);
  if (app.serverId === null && upload !== null) throw new AppError('upload_not_found');
  const serverId = await chooseServer(ctx, app);
  const headers = Object.fromEntries([...given].filter(([name]) => requestHeaders.includes(name)));
  const request = { app: app.id, method, upload, headers };
  const reply = body === null ? await ctx.executors.call(serverId, 'upload', { ...request, transfer: null }) : await ctx.executors.upload(serverId, 'upload', request, body.bytes, body.length);
  if (reply.status >= 400) throw refusalOf(reply);
  return { ...reply, headers: publicHeaders(app, reply.headers) };
}

/** What can be seen without asking: nothing is sent to the executor then. */
function requireProtocol(method: UploadRequest['method'], headers: Headers): void {
  if (method !== 'OPTIONS' && headers.get('tus-resumable') !== tusVersion) throw new AppError('upload_version_unsupported', { detail: `Send \`Tus-Resumable: ${tusVersion}\`.` });
  if (method === 'PATCH' && headers.get('content-type') !== pieceType) throw new AppError('unsupported_media_type', { detail: `Send \`Content-Type: ${pieceType}\`.` });
}

/** The executor refuses with the statuses and texts of the protocol's own package. */
function refusalOf({ status, body }: Result<'upload'>): AppError {
  switch (status) {
    case 400:
    case 403:
      return new AppError('upload_header_invalid', { detail: body.trim() || undefined });
    case 404:
    case 410:
      return new AppError('upload_not_found', { detail: 'It is unknown, deployed, deleted or older than 24 hours.' });
    case 409:
      return new AppError('upload_offset_mismatch', { detail: '`Upload-Offset` is not how many bytes have arrived: HEAD of the upload tells that.' });
    case 412:
      return new AppError('upload_version_unsupported', { detail: `Send \`Tus-Resumable: ${tusVersion}\`.` });
    case 413:
      return new AppError('archive_too_large', { detail: 'The upload is larger than the server takes, or than was announced.' });
    default:
      return new AppError('internal_error', { detail: 'Quote the request id when you report this.', cause: new Error(`relay upload: the executor answered ${status}: ${body}`) });
  }
}

/** The executor does not know where it is reached. */
function publicHeaders(app: AppView, headers: Record<string, string>): Record<string, string> {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => replyHeaders.includes(name)));
  const id = headers['location']?.split('/').at(-1);
  return id === undefined ? kept : { ...kept, location: `/api/v1/apps/${app.id}/uploads/${id}` };
}
