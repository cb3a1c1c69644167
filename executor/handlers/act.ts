/** Start, stop, restart, pause, unpause. The address stays; an app that cannot answer is taken out of the route, so that its visitors are told at once. */
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import type { AppAction } from '../../shared/status.ts';
import { pauseContainer, restartContainer, startContainer, stopContainer, unpauseContainer, type AppContainer } from '../docker/containers.ts';
import { setServing } from '../deploy/switch.ts';
import type { Engine } from '../docker/engine.ts';
import type { HandlerContext } from './context.ts';

export function act(context: HandlerContext, { app, action }: Params<'act'>): Promise<Result<'act'>> {
  const { host, observer, apps } = context;
  return apps.hold(app, async () => {
    const container = await observer.current(app);
    if (container === null) throw new AppError('app_not_deployed');
    // Before the engine is asked: what somebody stopped must count as stopped, also after a crash in between.
    if (action === 'stop' || action === 'start' || action === 'restart') await markStopped(context, container, action === 'stop');
    const serves = action !== 'stop' && action !== 'pause';
    if (!serves) await setServing(host, container, false);
    await actions[action](host.engine, container);
    if (serves) await setServing(host, container, true);
    return { status: (await observer.status(app)) ?? 'stopped' };
  });
}

/** A container whose deployment is no longer in the journal has nothing to be marked on. */
async function markStopped({ host }: HandlerContext, { deployment }: AppContainer, isStopped: boolean): Promise<void> {
  if (host.journal.get(deployment) !== undefined) await host.journal.change(deployment, { isStopped });
}

const actions: Record<AppAction, (engine: Engine, container: AppContainer) => Promise<void>> = {
  start(engine, container) {
    if (container.state === 'paused') throw new AppError('invalid_state', { detail: 'The app is paused: unpause it.' });
    return startContainer(engine, container.id);
  },
  async stop(engine, container) {
    await wake(engine, container);
    await stopContainer(engine, container.id);
  },
  async restart(engine, container) {
    await wake(engine, container);
    await restartContainer(engine, container.id);
  },
  async pause(engine, container) {
    if (container.state === 'paused') return;
    if (container.state !== 'running') throw new AppError('invalid_state', { detail: `The container is ${container.state}; only a running one can be paused.` });
    await pauseContainer(engine, container.id);
  },
  async unpause(engine, container) {
    if (container.state === 'paused') await unpauseContainer(engine, container.id);
    else if (container.state !== 'running') throw new AppError('invalid_state', { detail: `The container is ${container.state}, not paused.` });
  },
};

/** A frozen process cannot react to SIGTERM. */
async function wake(engine: Engine, container: AppContainer): Promise<void> {
  if (container.state === 'paused') await unpauseContainer(engine, container.id);
}
