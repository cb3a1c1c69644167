/**
 * Stop-first (REL-13): the old container of an app is stopped before the new one starts, because both would write to one volume or listen on one port. Whom it
 * stopped is in the journal before it happens, so that it is started again if the new one fails, also by the next executor after a kill.
 */
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { findContainer, inspectContainer, keepDown, keepUp, listContainers, startContainer, stopContainer, type AppContainer } from '../docker/containers.ts';
import { isDiskFull } from '../disk.ts';
import type { Journal } from '../journal.ts';
import type { DeployHost } from './host.ts';
import { whenThereIsRoom } from './outlast-disk.ts';
import { isStopFirst } from './plan.ts';
import { retireContainer } from './retire.ts';
import { routeBack, setServing } from './switch.ts';

interface Replacing {
  id: string;
  spec: AppSpec;
}

/** Whether a deployment may have stopped the app's container for its own, and has not succeeded yet. */
export function isBeingReplaced(journal: Journal, app: string): boolean {
  return journal.unfinished().some(({ spec, outcome }) => spec.app === app && isStopFirst(spec) && outcome?.status !== 'succeeded');
}

/** Out of the route, then stopped. No wait for open requests: an app that is told to stop has its stop timeout to end them. */
export function releaseOld(host: DeployHost, { id, spec }: Replacing): Promise<void> {
  const { engine, journal } = host;
  return host.containers.hold(spec.app, async () => {
    const old = (await listContainers(engine, { app: spec.app })).filter((container) => container.deployment !== id);
    const current = old.find(({ deployment, state }) => isAlive(state) && deployment === journal.current(spec.app)?.deployment);
    if (current !== undefined) {
      await journal.change(id, { released: current.deployment });
      await setServing(host, current, false);
    }
    await Promise.all(
      old.map(async (container) => {
        // The engine, too, must not start it beside the new one.
        await keepDown(engine, container);
        if (isAlive(container.state)) await stopContainer(engine, container.id);
      }),
    );
  });
}

function isAlive(state: string): boolean {
  return state === 'running' || state === 'restarting' || state === 'paused';
}

/** Take away what a failed deployment has made and give the app back to what served before. Safe to repeat. */
export async function undo(host: DeployHost, failed: Replacing): Promise<void> {
  const { id, spec } = failed;
  if (!isStopFirst(spec)) {
    await routeBack(host, id, spec.app);
    return removeOwn(host, failed);
  }
  await host.containers.hold(spec.app, async () => {
    try {
      await removeOwn(host, failed);
    } finally {
      // One that the engine did not remove, and that does not run, writes to no volume.
      const own = await findContainer(host.engine, { app: spec.app, deployment: id });
      if (own === null || !isAlive(own.state)) await startReleased(host, failed);
    }
  });
  await routeBack(host, id, spec.app);
}

async function removeOwn(host: DeployHost, { id, spec }: Replacing): Promise<void> {
  const own = await findContainer(host.engine, { app: spec.app, deployment: id });
  if (own !== null) await retireContainer(host, own);
}

/** Not what somebody has stopped meanwhile, or what a later deployment has replaced. */
async function startReleased(host: DeployHost, { id, spec }: Replacing): Promise<void> {
  const { engine, journal, log } = host;
  const released = journal.get(id)?.released ?? null;
  if (released === null || journal.get(released)?.isStopped === true || journal.current(spec.app)?.deployment !== released) return;
  const container = await findContainer(engine, { app: spec.app, deployment: released });
  if (container === null) return;
  log.warn('a deployment failed after it had stopped the old container; starting that again', { deployment: id, old: released });
  try {
    await keepUp(engine, container);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    keepUpLater(host, container);
  }
  await startContainer(engine, container.id);
  await setServing(host, container, true);
}

/** On a full disk the engine cannot write down that it is to start the container again with itself: it is told when there is room, unless the app was stopped or replaced by then. */
function keepUpLater(host: DeployHost, container: AppContainer): void {
  const { engine, journal } = host;
  const again = async () => {
    const isWanted = journal.get(container.deployment)?.isStopped === false;
    if (isWanted && (await inspectContainer(engine, container.id))?.State.Running === true) await keepUp(engine, container);
  };
  whenThereIsRoom(host, { app: container.app, otherwise: 'it will not come back with the engine' }, () => host.containers.hold(container.app, again));
}
