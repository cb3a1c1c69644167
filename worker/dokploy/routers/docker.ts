/** The containers of apps. What else runs on an engine is nobody's to read here. */
import { z } from 'zod';
import { containerName } from '../../../shared/names.ts';
import { AppError } from '../../../shared/errors.ts';
import type { AppAction, AppStatus } from '../../../shared/status.ts';
import { reachApp } from '../../services/access.ts';
import { actOnApp } from '../../services/app-actions.ts';
import { reachContainer, requireCurrent } from '../../services/containers.ts';
import { readCurrentDeployments } from '../../services/overview.ts';
import { text, textOrNull } from '../fields.ts';
import { command, query, type Call, type Procedure, type Router } from '../procedure.ts';

const containerRow = z.object({
  containerId: text.meta({ description: 'Its name, which engines take for an id.' }),
  name: text,
  image: text,
  ports: text,
  state: z.enum(['running', 'paused', 'restarting', 'exited']),
  status: text,
  serverId: textOrNull,
});
type Container = z.infer<typeof containerRow>;

const states: Readonly<Record<AppStatus, Container['state']>> = {
  created: 'exited',
  starting: 'running',
  running: 'running',
  unhealthy: 'running',
  restarting: 'restarting',
  paused: 'paused',
  stopped: 'exited',
  crashed: 'exited',
};

/** @param appId only of this one */
async function listContainers({ ctx, actor }: Call, { appId, serverId }: { appId?: string; serverId?: string | undefined } = {}): Promise<Container[]> {
  const current = await readCurrentDeployments(ctx, actor);
  return current
    .filter(({ app }) => (appId === undefined || app.id === appId) && (serverId === undefined || app.serverId === serverId))
    .map(({ app, deployment }) => {
      const name = containerName(app.slug, deployment.id);
      const { internal_port: port, published_ports: published } = app.settings;
      const ports = [...published.map((one) => `${one.host_port}->${one.container_port}/${one.protocol}`), ...(port === null ? [] : [`${port}/tcp`])].join(', ');
      return { containerId: name, name, image: deployment.image, ports, state: states[app.status], status: app.statusReason ?? app.status, serverId: app.serverId };
    });
}

function ofApp(): Procedure {
  return query({
    needs: 'apps:read',
    input: z.object({ appName: text, serverId: text.optional(), appType: text.optional(), type: text.optional() }),
    output: z.array(containerRow),
    async run(call, { appName, serverId }) {
      const { id } = await reachApp(call.ctx, call.actor, { id: appName, action: call.action });
      return listContainers(call, { appId: id, serverId });
    },
  });
}

/** An app has one container, whose name changes with each deployment: that of an earlier one is gone. */
function act(wanted: AppAction): Procedure {
  return command({
    needs: 'deploy',
    input: z.object({ containerId: text, serverId: text.optional() }),
    async run({ ctx, actor, action }, { containerId, serverId }) {
      const container = await reachContainer(ctx, actor, { id: containerId, action });
      if (serverId !== undefined && container.app.serverId !== serverId) throw new AppError('app_not_found');
      await requireCurrent(ctx, container);
      await actOnApp(ctx, actor, container.app, wanted);
    },
  });
}

export const dockerRouter: Router = {
  getContainers: query({ needs: 'apps:read', input: z.object({ serverId: text.optional() }), output: z.array(containerRow), run: (call, { serverId }) => listContainers(call, { serverId }) }),
  getContainersByAppNameMatch: ofApp(),
  getContainersByAppLabel: ofApp(),
  getServiceContainersByAppName: ofApp(),
  getStackContainersByAppName: ofApp(),
  restartContainer: act('restart'),
  startContainer: act('start'),
  stopContainer: act('stop'),
};
