/** What an application does: deploying, starting, stopping, its log and its queue. */
import { z } from 'zod';
import type { AppAction, DeploymentStatus } from '../../../shared/status.ts';
import { reachApp } from '../../services/access.ts';
import { actOnApp } from '../../services/app-actions.ts';
import type { LiveApp } from '../../services/apps.ts';
import { cancelDeployment, readDeployments, requestDeployment } from '../../services/deployments.ts';
import { text } from '../fields.ts';
import { logQuery, toLogText } from '../log-text.ts';
import { command, mutation, query, type Call, type Procedure, type Router } from '../procedure.ts';
import { readApplication } from '../read-application.ts';
import { applicationRow } from '../rows/application.ts';
import { readLogs } from '../../services/logs.ts';

const byId = z.object({ applicationId: text });
const why = { title: text.max(200).optional(), description: text.max(2000).optional() };

/** Queued as in Dokploy, also while the server is away. */
const deploy = command({
  needs: 'deploy',
  input: byId.extend(why),
  async run({ ctx, actor, action }, { applicationId, title }) {
    await requestDeployment(ctx, actor, await reachApp(ctx, actor, { id: applicationId, action }), { isQueued: true, ...(title !== undefined && { reason: title }) });
  },
});

function act(wanted: AppAction): Procedure {
  return mutation({
    needs: 'deploy',
    input: byId,
    output: applicationRow,
    async run({ ctx, actor, action }, { applicationId }) {
      const { app } = await actOnApp(ctx, actor, await reachApp(ctx, actor, { id: applicationId, action }), wanted);
      return readApplication(ctx, app);
    },
  });
}

/** How many of the newest deployments are looked at for those that are not finished. */
const recent = 200;

async function cancelAll({ ctx, actor }: Call, app: LiveApp['app'], statuses: readonly DeploymentStatus[]): Promise<number> {
  const { data } = await readDeployments(ctx, app, { limit: recent });
  const open = data.filter(({ deployment }) => statuses.includes(deployment.status));
  // Newest first: what waits does not get its turn in between.
  for (const { deployment } of open) await cancelDeployment(ctx, actor, deployment);
  return open.length;
}

const outcome = z.object({ success: z.boolean(), message: text });

function cancel(statuses: readonly DeploymentStatus[]): Procedure {
  return mutation({
    needs: 'deploy',
    input: byId,
    output: outcome,
    async run(call, { applicationId }) {
      const count = await cancelAll(call, await reachApp(call.ctx, call.actor, { id: applicationId, action: call.action }), statuses);
      return { success: true, message: count === 0 ? 'There was nothing to cancel' : `Cancelled: ${count}` };
    },
  });
}

export const applicationActions: Router = {
  deploy,
  redeploy: deploy,
  start: act('start'),
  stop: act('stop'),
  reload: mutation({
    needs: 'deploy',
    input: byId.extend({ appName: text.optional() }),
    output: z.literal(true),
    async run({ ctx, actor, action }, { applicationId }) {
      await actOnApp(ctx, actor, await reachApp(ctx, actor, { id: applicationId, action }), 'restart');
      return true as const;
    },
  }),
  cancelDeployment: cancel(['queued', 'running']),
  cleanQueues: cancel(['queued']),
  killBuild: cancel(['running']),
  readLogs: query({
    needs: 'logs',
    input: byId.extend(logQuery),
    output: text,
    run: async ({ ctx, actor, action }, { applicationId, ...wanted }) => toLogText(await readLogs(ctx, await reachApp(ctx, actor, { id: applicationId, action }), wanted)),
  }),
};
