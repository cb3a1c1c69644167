/**
 * Servers as they are now. A row is as old as its last transition, and a connection that is cut without a word tells none: so the hub is asked as well, which
 * looks whether its executor still shows a sign of life.
 */
import { toTimestamp } from '../../shared/api/common.ts';
import { AppError } from '../../shared/errors.ts';
import type { ServerStatus } from '../../shared/status.ts';
import { describeError } from '../log.ts';
import type { ServerRow } from '../store/schema.ts';
import { findServer, listConnectedServers, noteServerState } from '../store/servers.ts';
import type { Context } from './context.ts';
import type { ExecutorClient, Presence } from './ports.ts';

/** s after which an executor that is away may be back: it dials again after some seconds, half a minute at most. */
const returnTime = 15;

export function statusNow<Status extends ServerStatus | null>(status: Status, presence: Pick<Presence, 'status'>): Status | Presence['status'] {
  return status === null || status === 'pending' || status === 'revoked' ? status : presence.status;
}

/** The row with what its hub knows better. A hub that remembers nothing has lost a connection without noticing: that is noticed now. */
export async function serverNow(ctx: Context, row: ServerRow): Promise<ServerRow> {
  // Of one that is away its row tells all there is, and its hub need not be woken.
  if (row.status !== 'online' && row.status !== 'degraded') return row;
  const { status, since, reason } = await ctx.executors.presence(row.id);
  if (status === row.status) return row;
  return { ...row, status, statusSince: since ?? ctx.clock(), statusReason: reason ?? lostUnnoticed };
}

const lostUnnoticed = 'the connection was lost';

/** @throws AppError executor_offline */
export async function requireConnected(ctx: Context, serverId: string, hint?: string): Promise<void> {
  const { isConnected } = await ctx.executors.presence(serverId);
  if (!isConnected) throw await offlineError(ctx, serverId, hint);
}

/** Tells since when and why, and when to try again. */
export async function offlineError(ctx: Context, serverId: string, hint = ''): Promise<AppError> {
  const row = await findServer(ctx.db, serverId);
  const server = row && (await serverNow(ctx, row));
  const isKnown = server !== undefined && server.status !== 'online' && server.status !== 'degraded';
  if (!isKnown) return new AppError('executor_offline', { detail: `The executor is not connected.${hint}`, retryAfter: returnTime });
  const since = toTimestamp(server.statusSince);
  const reason = server.statusReason ?? 'unknown';
  return new AppError('executor_offline', { detail: `The executor has been away since ${since}: ${reason}.${hint}`, retryAfter: returnTime, extra: { offline_since: since, offline_reason: reason } });
}

/** The same executors; one that is away is told with since when and why. */
export function explainAbsence(executors: ExecutorClient, explain: (serverId: string) => Promise<AppError>): ExecutorClient {
  const explained = async <T>(serverId: string, reply: Promise<T>): Promise<T> => {
    try {
      return await reply;
    } catch (error) {
      throw error instanceof AppError && error.code === 'executor_offline' ? await explain(serverId) : error;
    }
  };
  return {
    ...executors,
    call: (serverId, ...asked) => explained(serverId, executors.call(serverId, ...asked)),
    upload: (serverId, ...asked) => explained(serverId, executors.upload(serverId, ...asked)),
    download: (serverId, ...asked) => explained(serverId, executors.download(serverId, ...asked)),
    stream: (serverId, ...asked) => explained(serverId, executors.stream(serverId, ...asked)),
  };
}

/** Rows that claim a connection which no hub has: the object was moved, or its end was never told. */
export async function noticeLost(ctx: Context): Promise<void> {
  const servers = await listConnectedServers(ctx.db);
  await Promise.all(servers.map((server) => noticeIfLost(ctx, server).catch((error: unknown) => ctx.log.error('look for executor', { server: server.id, cause: describeError(error) }))));
}

async function noticeIfLost(ctx: Context, { id, epoch }: Pick<ServerRow, 'id' | 'epoch'>): Promise<void> {
  const presence = await ctx.executors.presence(id);
  // One that has just connected says hello next.
  if (presence.isConnected || presence.epoch === epoch) return;
  await noteServerState(ctx.db, { id, epoch, status: 'offline', reason: presence.reason ?? lostUnnoticed, since: presence.since ?? ctx.clock() });
}
