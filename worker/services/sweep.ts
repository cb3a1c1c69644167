import { listExpired } from '../store/deployments.ts';
import type { Context } from './context.ts';
import { endDeployment } from './deployments.ts';

/** An executor may take: 15 min to pull, 60 min of grace, 60 min to drain, and the time to come back from an outage. */
const longestDeployment = 3 * 3600 * 1000;

/** No deployment stays open for ever (REL-08): run every minute, by the embedded host's timer or the edge's cron trigger. */
export async function sweep(ctx: Context): Promise<void> {
  const now = ctx.clock();
  for (const deployment of await listExpired(ctx.db, now, now - longestDeployment)) {
    const message = deployment.status === 'queued' ? 'It waited 24 hours for its host.' : 'The executor never told how it ended.';
    await endDeployment(ctx, deployment, {
      status: 'failed',
      failure: { code: 'deadline_exceeded', message, phase: deployment.phase, exit_code: null, oom_killed: false, last_probe: null, logs: [] },
    });
  }
}
