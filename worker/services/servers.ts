import type { PageQuery } from '../../shared/api/common.ts';
import { AppError } from '../../shared/errors.ts';
import { isId } from '../../shared/names.ts';
import type { EnrolRequest } from '../../shared/protocol/enrolment.ts';
import { closeCodes } from '../../shared/protocol/limits.ts';
import { randomBytes, sha256, toHex } from '../auth/bytes.ts';
import { readClaimedServer, verifyExecutorToken } from '../auth/executor-token.ts';
import type { ServerRow } from '../store/schema.ts';
import { deleteServer, enrolServer, findServer, hasAppsOn, insertServer, listServers, raiseEpoch, updateServer } from '../store/servers.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';
import { serverNow } from './presence.ts';

const enrolmentLife = 15 * 60 * 1000;

/** Registers a server. The token works once, for 15 minutes; only its hash is kept (SEC-17). */
export async function createServer(ctx: Context, name: string): Promise<{ row: ServerRow; token: string; expiresAt: number }> {
  const now = ctx.clock();
  const token = `dke_${toHex(randomBytes(24))}`;
  const expiresAt = now + enrolmentLife;
  const row: ServerRow = {
    id: ctx.newId('server'),
    name,
    status: 'pending',
    statusReason: 'waiting for its executor to enrol',
    statusSince: now,
    enrolmentHash: sha256(token),
    enrolmentExpiresAt: expiresAt,
    publicKey: null,
    epoch: 0,
    executorVersion: null,
    engine: null,
    ingress: null,
    disks: null,
    createdAt: now,
  };
  await insertServer(ctx.db, row);
  return { row, token, expiresAt };
}

/** What starts the executor of a new server, on its machine. */
export function enrolCommand({ config }: Context, token: string): string {
  const domain = config.baseDomain === 'localhost' ? '' : `DOCKUP_BASE_DOMAIN=${config.baseDomain} `;
  return `DOCKUP_API_URL=${config.publicUrl} ${domain}DOCKUP_ENROLMENT_TOKEN=${token} npm run executor`;
}

export async function readServers(ctx: Context, query: PageQuery): Promise<Page<ServerRow>> {
  const page = await readPage('server', query, (after = '', limit) => listServers(ctx.db, { after, limit }));
  return { ...page, data: await Promise.all(page.data.map((row) => serverNow(ctx, row))) };
}

export async function reachServer(ctx: Context, id: string): Promise<ServerRow> {
  const server = isId('server', id) ? await findServer(ctx.db, id) : undefined;
  if (server === undefined) throw new AppError('server_not_found');
  return server;
}

/** From here on its executor is refused, and its socket is closed. Its apps keep serving where they are. */
export async function revokeServer(ctx: Context, server: ServerRow): Promise<ServerRow> {
  const now = ctx.clock();
  const revoked = await updateServer(ctx.db, server.id, { status: 'revoked', statusReason: 'revoked by an administrator', statusSince: now, publicKey: null, enrolmentHash: null });
  await ctx.executors.disconnect(server.id, closeCodes.revoked, 'revoked');
  return revoked ?? server;
}

/** Takes a server without apps off the list. */
export async function removeServer(ctx: Context, server: ServerRow): Promise<void> {
  if (await hasAppsOn(ctx.db, server.id)) throw new AppError('server_in_use', { detail: 'Delete its apps first, or revoke the server.' });
  await revokeServer(ctx, server);
  await ctx.executors.forget(server.id);
  await deleteServer(ctx.db, server.id);
}

/** What an executor does once. @throws AppError enrolment_token_invalid */
export async function enrol(ctx: Context, { token, public_key }: EnrolRequest): Promise<ServerRow> {
  const server = await enrolServer(ctx.db, sha256(token), public_key.x, ctx.clock());
  if (server === undefined) throw new AppError('enrolment_token_invalid', { detail: 'Register the server again: POST /api/v1/servers gives a new token.' });
  return server;
}

/** Which server's executor has signed the token. @throws AppError invalid_token, server_revoked */
export async function authenticateExecutor(ctx: Context, token: string): Promise<ServerRow> {
  const server = await findServer(ctx.db, readClaimedServer(token));
  if (server?.status === 'revoked') throw new AppError('server_revoked');
  if (server === undefined || server.publicKey === null) throw new AppError('invalid_token', { detail: 'No executor has enrolled under this id.' });
  await verifyExecutorToken(token, server.id, server.publicKey);
  return server;
}

/** What an executor does each time it dials in. Answers the upgrade. @throws AppError invalid_token, server_revoked, upgrade_required */
export async function connectExecutor(ctx: Context, request: Request, token: string): Promise<Response> {
  const server = await authenticateExecutor(ctx, token);
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') throw new AppError('upgrade_required');
  const epoch = await raiseEpoch(ctx.db, server.id, ctx.clock());
  if (epoch === undefined) throw new AppError('server_revoked');
  return ctx.executors.accept(request, server.id, epoch);
}
