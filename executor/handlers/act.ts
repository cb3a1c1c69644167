/** Start, stop, restart, pause, unpause. The address stays; an app that cannot answer is taken out of the route, so that its visitors are told at once. */
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import type { AppAction } from '../../shared/status.ts';
import { inspectContainer, keepDown, keepUp, pauseContainer, restartContainer, startContainer, stopContainer, unpauseContainer, type AppContainer } from '../docker/containers.ts';
import { whenThereIsRoom } from '../deploy/outlast-disk.ts';
import { isBeingReplaced } from '../deploy/replace.ts';
import { settleStop } from '../deploy/settle-stops.ts';
import { setServing } from '../deploy/switch.ts';
import { isDiskFull } from '../disk.ts';
import type { Engine } from '../docker/engine.ts';
import type { DeployHost } from '../deploy/host.ts';
import { describeError } from '../log.ts';
import type { HandlerContext } from './context.ts';

export function act(context: HandlerContext, { app, action }: Params<'act'>): Promise<Result<'act'>> {
  const { host, observer, apps } = context;
  return apps.hold(app, async () => {
    const container = await observer.current(app);
    if (container === null) throw new AppError('app_not_deployed');
    const obstacle = obstacleTo(action, container);
    if (obstacle !== null) throw new AppError('invalid_state', { detail: obstacle });
    if (action === 'stop' || action === 'pause') await silence(context, container, action);
    else await wakeUp(host, container, action);
    return { status: (await observer.statusAfter(container)) ?? 'stopped' };
  });
}

/** Out of the route first. What then still runs, because the engine refused, goes back into it. */
async function silence(context: HandlerContext, container: AppContainer, action: 'stop' | 'pause'): Promise<void> {
  const { host } = context;
  const { app } = container;
  await setServing(host, container, false);
  try {
    // Not while a failed deployment starts the container again: one of the two comes first.
    await host.containers.hold(app, async () => {
      if (action === 'stop') {
        await markStopped(host, container, true);
        await keepStopped(context, container);
      }
      await actions[action](host.engine, container);
    });
  } catch (error) {
    if (container.state === 'running') await setServing(host, container, true);
    if (action === 'stop') await settleStop(host, app).catch((cause: unknown) => host.log.warn('a stop that failed is not taken back yet', { app, error: describeError(cause) }));
    throw error;
  }
}

/** On a full disk the engine cannot write down that it is to leave the container alone: it is told again when there is room, unless the app runs again by then. */
async function keepStopped({ host, apps }: HandlerContext, container: AppContainer): Promise<void> {
  const { engine } = host;
  try {
    await keepDown(engine, container);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    const again = async () => {
      if ((await inspectContainer(engine, container.id))?.State.Running === false) await keepDown(engine, container);
    };
    whenThereIsRoom(host, { app: container.app, otherwise: 'it was stopped, and will come back with the engine' }, () => apps.hold(container.app, again));
  }
}

/** Never while another container is about to take its place, and with it its volumes (REL-13). */
function wakeUp(host: DeployHost, container: AppContainer, action: 'start' | 'restart' | 'unpause'): Promise<void> {
  return host.containers.hold(container.app, async () => {
    if (isBeingReplaced(host.journal, container.app)) throw new AppError('invalid_state', { detail: 'A deployment is replacing the container: wait until it has ended, or cancel it.' });
    if (action !== 'unpause') await markStopped(host, container, false);
    await actions[action](host.engine, container);
    await setServing(host, container, true);
  });
}

/** Why the container's state does not allow the action; null when it does. */
function obstacleTo(action: AppAction, { state }: AppContainer): string | null {
  if (action === 'start' && state === 'paused') return 'The app is paused: unpause it.';
  if (action === 'pause' && state !== 'running' && state !== 'paused') return `The container is ${state}; only a running one can be paused.`;
  if (action === 'unpause' && state !== 'running' && state !== 'paused') return `The container is ${state}, not paused.`;
  return null;
}

/**
 * Before the engine is asked: what somebody stopped must count as stopped, also after a crash in between. A container whose deployment is no longer in the
 * journal has nothing to be marked on.
 */
async function markStopped({ journal, log }: DeployHost, { deployment }: AppContainer, isStopped: boolean): Promise<void> {
  if (journal.get(deployment) === undefined) return;
  try {
    await journal.change(deployment, { isStopped });
  } catch (error) {
    // An app that fills the disk must not run on because there is no room to write down that it was stopped.
    if (!isDiskFull(error)) throw error;
    log.warn('the disk is full: that an app was started or stopped is not written down', { deployment, isStopped });
  }
}

const actions: Record<AppAction, (engine: Engine, container: AppContainer) => Promise<void>> = {
  async start(engine, container) {
    await keepUp(engine, container);
    await startContainer(engine, container.id);
  },
  async stop(engine, container) {
    await wake(engine, container);
    await stopContainer(engine, container.id);
  },
  async restart(engine, container) {
    await wake(engine, container);
    await keepUp(engine, container);
    await restartContainer(engine, container.id);
  },
  async pause(engine, container) {
    if (container.state !== 'paused') await pauseContainer(engine, container.id);
  },
  unpause: wake,
};

/** A frozen process cannot react to SIGTERM. */
async function wake(engine: Engine, container: AppContainer): Promise<void> {
  if (container.state === 'paused') await unpauseContainer(engine, container.id);
}
