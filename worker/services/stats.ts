/** What an app uses: asked of its executor, or as its hub has kept it. */
import type { StatsSample } from '../../shared/protocol/usage.ts';
import type { AppView } from '../store/apps.ts';
import { requireDeployed } from './app-actions.ts';
import type { Context } from './context.ts';
import type { UsagePoint } from './ports.ts';

/** @throws AppError app_not_deployed, app_not_running, executor_offline … */
export function readStats(ctx: Context, app: AppView): Promise<StatsSample> {
  return ctx.executors.call(requireDeployed(app), 'stats', { app: app.id });
}

/** The last `minutes`, oldest first, also while the host is down. Nothing for an app that was never placed. */
export async function readHistory(ctx: Context, { id, serverId }: AppView, minutes: number): Promise<UsagePoint[]> {
  if (serverId === null) return [];
  return ctx.executors.history(serverId, id, Math.floor(ctx.clock() / 60_000) - minutes);
}
