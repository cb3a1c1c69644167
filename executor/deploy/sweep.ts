/** Takes away what no deployment accounts for: what a killed executor, or a removal cut short, has left on the engine. */
import { listContainers, type AppContainer } from '../docker/containers.ts';
import { removeLostHelpers } from '../docker/volume-content.ts';
import { projectsWithNetwork, removeNetworkIfUnused } from '../docker/networks.ts';
import type { DeployHost } from './host.ts';
import { retireContainer } from './retire.ts';
import { deploymentOf } from './switch.ts';

export async function sweep(host: DeployHost): Promise<void> {
  const { engine, journal, proxy, projects, log } = host;
  const containers = await listContainers(engine);
  // Read after the list: what was deployed in between is then either busy or kept.
  const busy = new Set(journal.unfinished().map(({ spec }) => spec.app));
  const routed = new Set(proxy.routes().flatMap((route) => route.targets.map(deploymentOf)));
  const orphans = containers.filter(({ app, deployment }) => !busy.has(app) && isOrphan(deployment, { routed, current: journal.current(app)?.deployment }));
  for (const orphan of orphans) {
    log.warn('removing a container that no deployment accounts for', describe(orphan));
    await retireContainer(host, orphan);
  }
  await removeLostHelpers(host);
  for (const project of await projectsWithNetwork(engine)) await projects.hold(project, () => removeNetworkIfUnused(engine, project));
}

/** What is routed serves, even where the journal was lost. */
function isOrphan(deployment: string, known: { routed: ReadonlySet<string>; current: string | undefined }): boolean {
  return deployment !== known.current && !known.routed.has(deployment);
}

function describe({ id, app, deployment, state }: AppContainer): Record<string, string> {
  return { container: id.slice(0, 12), app, deployment, state };
}
