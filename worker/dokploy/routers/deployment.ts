import { z } from 'zod';
import { reachApp, reachDeployment } from '../../services/access.ts';
import { cancelDeployment, readDeployments } from '../../services/deployments.ts';
import { readLogs } from '../../services/logs.ts';
import { readRecentDeployments } from '../../services/overview.ts';
import { notImplemented } from '../failure.ts';
import { text } from '../fields.ts';
import { tail, toLogText } from '../log-text.ts';
import { command, query, type Call, type Router } from '../procedure.ts';
import { deploymentRow, toDeploymentEntry, type DeploymentEntry } from '../rows/deployment.ts';

const centralRow = deploymentRow.extend({ application: z.object({ applicationId: text, name: text, appName: text }) });

async function listOf({ ctx, actor, action }: Call, applicationId: string): Promise<DeploymentEntry[]> {
  const { data } = await readDeployments(ctx, await reachApp(ctx, actor, { id: applicationId, action }), { limit: 200 });
  return data.map(({ deployment }) => toDeploymentEntry(deployment));
}

async function listCentral({ ctx, actor }: Call): Promise<z.infer<typeof centralRow>[]> {
  const found = await readRecentDeployments(ctx, actor, { limit: 100 });
  return found.map(({ deployment, app }) => ({ ...toDeploymentEntry(deployment), application: { applicationId: app.id, name: app.settings.name, appName: app.slug } }));
}

export const deploymentRouter: Router = {
  all: query({ needs: 'apps:read', input: z.object({ applicationId: text }), output: z.array(deploymentRow), run: (call, { applicationId }) => listOf(call, applicationId) }),
  allByType: query({
    needs: 'apps:read',
    input: z.object({ id: text, type: z.enum(['application', 'compose', 'server', 'schedule', 'previewDeployment', 'backup', 'volumeBackup']) }),
    output: z.array(deploymentRow),
    async run(call, { id, type }) {
      if (type !== 'application') throw notImplemented('Only applications are deployed here.');
      return listOf(call, id);
    },
  }),
  allCentralized: query({ needs: 'apps:read', input: z.object({}), output: z.array(centralRow), run: listCentral }),
  queueList: query({
    needs: 'apps:read',
    input: z.object({}),
    output: z.array(centralRow),
    run: async (call) => (await listCentral(call)).filter(({ status }) => status === 'running'),
  }),
  killProcess: command({
    needs: 'deploy',
    input: z.object({ deploymentId: text }),
    async run({ ctx, actor, action }, { deploymentId }) {
      const { deployment } = await reachDeployment(ctx, actor, { id: deploymentId, action });
      await cancelDeployment(ctx, actor, deployment);
    },
  }),
  readLogs: query({
    needs: 'logs',
    input: z.object({ deploymentId: text, tail }),
    output: text,
    async run({ ctx, actor, action }, { deploymentId, tail: lines }) {
      const { deployment, app } = await reachDeployment(ctx, actor, { id: deploymentId, action });
      return toLogText(await readLogs(ctx, app, { tail: lines, deployment: deployment.id }));
    },
  }),
};

