import type { LogQuery } from '../../shared/api/logs.ts';
import { AppError } from '../../shared/errors.ts';
import type { LogEntry } from '../../shared/protocol/logs.ts';
import { allowsAction, type AppAction } from '../../shared/status.ts';
import { findAppById, type AppView } from '../store/apps.ts';
import type { Actor } from './actor.ts';
import { withUsage, type LiveApp } from './apps.ts';
import type { Context } from './context.ts';
import { recordEvent } from './events.ts';
import { toLogFilter } from './log-filter.ts';
import { changeStatus } from './statuses.ts';

/** Start, stop, restart, pause or unpause the container. @throws AppError app_not_deployed, invalid_state, executor_offline … */
export async function actOnApp(ctx: Context, actor: Actor, app: AppView, action: AppAction): Promise<LiveApp> {
  const serverId = requireDeployed(app);
  if (!allowsAction(app.status, action)) throw new AppError('invalid_state', { detail: `The app is ${app.status}: ${action} does not apply.` });
  const { status } = await ctx.executors.call(serverId, 'act', { app: app.id, action });
  await changeStatus(ctx, serverId, { app: app.id, status, reason: null, at: app.observedAt + 1 });
  await recordEvent(ctx, { appId: app.id, type: `app.${action}`, actor: actor.user.id, message: `${action} asked for` });
  return withUsage(ctx, (await findAppById(ctx.db, app.id)) ?? app);
}

export async function readLogs(ctx: Context, app: AppView, { tail, ...conditions }: LogQuery): Promise<LogEntry[]> {
  const { lines } = await ctx.executors.call(requireDeployed(app), 'logs', { app: app.id, tail, filter: toLogFilter(conditions, ctx.clock()) });
  return lines;
}

/** The server the app runs on. @throws AppError app_not_deployed */
export function requireDeployed(app: AppView): string {
  if (app.serverId === null || app.status === 'created') throw new AppError('app_not_deployed', { detail: 'Deploy it first: POST /api/v1/apps/{appId}/deploy.' });
  return app.serverId;
}
