import { AppError } from '../../shared/errors.ts';
import { allowsAction, type AppAction } from '../../shared/status.ts';
import { findAppById, type AppView } from '../store/apps.ts';
import type { Actor } from './actor.ts';
import { withUsage, type LiveApp } from './apps.ts';
import type { Context } from './context.ts';
import { recordEvent } from './events.ts';
import { changeStatus } from './statuses.ts';

/** Start, stop, restart, pause or unpause the container. @throws AppError app_not_deployed, invalid_state, executor_offline … */
export async function actOnApp(ctx: Context, actor: Actor, app: AppView, action: AppAction): Promise<LiveApp> {
  const serverId = requireDeployed(app);
  if (!allowsAction(app.status, action)) throw new AppError('invalid_state', { detail: `The app is ${app.status}: ${action} does not apply.` });
  const { status } = await ctx.executors.call(serverId, 'act', { app: app.id, action });
  // What was observed before, such as the exit in a restart, came on the same socket before the answer.
  const { observedAt } = (await findAppById(ctx.db, app.id)) ?? app;
  await changeStatus(ctx, serverId, { app: app.id, status, reason: null, at: observedAt + 1 });
  await recordEvent(ctx, { appId: app.id, type: `app.${action}`, actor: actor.user.id, message: `${action} asked for` });
  // What the executor has answered is the newest there is; an observation of before may be written down only now.
  return withUsage(ctx, { ...((await findAppById(ctx.db, app.id)) ?? app), status, statusReason: null });
}

/** The server the app runs on. @throws AppError app_not_deployed */
export function requireDeployed(app: AppView): string {
  if (app.status === 'created') throw notDeployed();
  return requirePlaced(app);
}

/** The server the app was first sent to, where also a first deployment that failed has left its log. @throws AppError app_not_deployed */
export function requirePlaced({ serverId }: AppView): string {
  if (serverId === null) throw notDeployed();
  return serverId;
}

function notDeployed(): AppError {
  return new AppError('app_not_deployed', { detail: 'Deploy it first: POST /api/v1/apps/{appId}/deploy.' });
}
