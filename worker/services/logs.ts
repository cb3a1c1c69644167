import type { LogQuery, LogStreamQuery } from '../../shared/api/logs.ts';
import type { LogEntry } from '../../shared/protocol/logs.ts';
import type { AppView } from '../store/apps.ts';
import { requireDeploymentOf } from './access.ts';
import { requirePlaced } from './app-actions.ts';
import type { Context } from './context.ts';
import { awaitDeploymentLog } from './deployment-log.ts';
import { toLogFilter, toLogStream } from './log-filter.ts';
import type { StreamRequest } from './ports.ts';

/** The last lines that match, oldest first. @throws AppError app_not_deployed, deployment_not_found, invalid_value, executor_offline … */
export async function readLogs(ctx: Context, app: AppView, { tail, ...conditions }: LogQuery): Promise<LogEntry[]> {
  const serverId = requirePlaced(app);
  if (conditions.deployment !== undefined) await requireDeploymentOf(ctx, app, conditions.deployment);
  const { lines } = await ctx.executors.call(serverId, 'logs', { app: app.id, tail, filter: toLogFilter(conditions, ctx.clock()) });
  return lines;
}

/** The stream that follows the log. @throws AppError deployment_not_found, invalid_value */
export async function askForLogs(ctx: Context, app: AppView, query: LogStreamQuery): Promise<StreamRequest> {
  const deployment = query.deployment === undefined ? undefined : await requireDeploymentOf(ctx, app, query.deployment);
  return { kind: 'logs', app: app.id, params: toLogStream(app.id, query, ctx.clock()), deployment: deployment && awaitDeploymentLog(deployment) };
}
