import type { LogQuery } from '../../shared/api/logs.ts';
import type { LogEntry } from '../../shared/protocol/logs.ts';
import type { AppView } from '../store/apps.ts';
import { requirePlaced } from './app-actions.ts';
import type { Context } from './context.ts';
import { toLogFilter } from './log-filter.ts';

/** The last lines that match, oldest first. @throws AppError app_not_deployed, invalid_value, executor_offline … */
export async function readLogs(ctx: Context, app: AppView, { tail, ...conditions }: LogQuery): Promise<LogEntry[]> {
  const serverId = requirePlaced(app);
  const { lines } = await ctx.executors.call(serverId, 'logs', { app: app.id, tail, filter: toLogFilter(conditions, ctx.clock()) });
  return lines;
}
