/** Takes away what no deployment accounts for: what a killed executor, or a removal cut short, has left on the engine, or what the engine had refused to remove. */
import { listContainers, type AppContainer } from '../docker/containers.ts';
import { removeLostHelpers } from '../docker/volume-content.ts';
import { unusedNetworks, removeNetworkIfUnused } from '../docker/networks.ts';
import { describeError } from '../log.ts';
import type { Deployments } from './deployments.ts';
import type { DeployHost } from './host.ts';
import { retireContainer } from './retire.ts';
import { deploymentOf } from './switch.ts';

/** What still cannot be removed keeps nothing else from it, and is looked at again the next time. */
export async function sweep(host: DeployHost, deployments: Deployments): Promise<void> {
  const apps = new Set((await findOrphans(host)).map(({ app }) => app));
  // An app at work looks after its own, and is removed with all that it has.
  const work = [...apps].map((app) => deployments.whenIdle(app, () => sweepApp(host, app)));
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') host.log.warn('a container that no deployment accounts for cannot be removed', { error: describeError(result.reason) });
  }
  await removeLostHelpers(host).catch((error: unknown) => host.log.warn('what has reached into a volume cannot be removed', { error: describeError(error) }));
  for (const project of await unusedNetworks(host.engine)) await host.projects.hold(project, () => removeNetworkIfUnused(host.engine, project));
}

/** Looked at anew: what was deployed or removed before its turn came is accounted for. */
async function sweepApp(host: DeployHost, app: string): Promise<void> {
  for (const orphan of await findOrphans(host, { app })) {
    host.log.warn('removing a container that no deployment accounts for', describe(orphan));
    await retireContainer(host, orphan);
  }
}

async function findOrphans({ engine, journal, proxy }: DeployHost, of: { app?: string } = {}): Promise<AppContainer[]> {
  // Of an app that the journal does not know the journal was lost: it serves as it is until it is deployed again, or removed.
  const containers = (await listContainers(engine, of)).filter(({ app }) => journal.of(app).length > 0);
  // Read after the list: what was deployed in between is either unfinished or current.
  const unfinished = new Set(journal.unfinished().map(({ deployment }) => deployment));
  const routed = new Set(proxy.routes().flatMap((route) => route.targets.map(deploymentOf)));
  return containers.filter(({ app, deployment }) => deployment !== journal.current(app)?.deployment && !unfinished.has(deployment) && !routed.has(deployment));
}

function describe({ id, app, deployment, state }: AppContainer): Record<string, string> {
  return { container: id.slice(0, 12), app, deployment, state };
}
