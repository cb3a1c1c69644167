/** A stop that was cut short, by the end of the executor or a refusal of the engine, leaves mark, policy and container in disagreement: what the container does is what counts. */
import { keepDown, keepUp, listContainers, type AppContainer } from '../docker/containers.ts';
import type { DeployHost } from './host.ts';
import { isBeingReplaced } from './replace.ts';

/** Of all apps, when the engine is there for the first time or again. */
export async function settleStops(host: DeployHost): Promise<void> {
  const marked = (await listContainers(host.engine)).filter((container) => isMarked(host, container));
  for (const { app } of marked) await settleStop(host, app);
}

/** One that runs is to come back with the engine again, one that has ended is to stay down (REL-10). */
export function settleStop(host: DeployHost, app: string): Promise<void> {
  const { engine, journal, containers } = host;
  return containers.hold(app, async () => {
    // Looked at under the lock: a stop that is under way is not cut short.
    const container = (await listContainers(engine, { app })).find((known) => isMarked(host, known));
    if (container === undefined) return;
    if (container.state === 'exited') return keepDown(engine, container);
    if (container.state !== 'running') return;
    await keepUp(engine, container);
    await journal.change(container.deployment, { isStopped: false });
  });
}

function isMarked({ journal }: DeployHost, { app, deployment }: AppContainer): boolean {
  const entry = journal.current(app);
  return entry?.deployment === deployment && entry.isStopped && !isBeingReplaced(journal, app);
}
