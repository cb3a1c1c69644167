/** CPU and memory of the running container, changed in place: the same container, not restarted. */
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { whenThereIsRoom } from '../deploy/outlast-disk.ts';
import { isDiskFull } from '../disk.ts';
import { limitsOf, megabyte } from '../docker/container-spec.ts';
import { updateContainer, type AppContainer } from '../docker/containers.ts';
import { readEngineInfo, type Engine } from '../docker/engine.ts';
import { readStats } from '../docker/stats.ts';
import type { Journal } from '../journal.ts';
import type { HandlerContext } from './context.ts';

type Limits = Pick<Params<'update_limits'>, 'cpu_limit' | 'memory_limit'>;

/** MB below which the engine makes no container. */
const leastMemory = 6;

export function updateLimits({ host, observer, apps }: HandlerContext, { app, ...limits }: Params<'update_limits'>): Promise<Result<'update_limits'>> {
  const { engine, journal } = host;
  return apps.hold(app, async () => {
    const isBusy = journal.of(app).some((kept) => kept.outcome === null);
    if (isBusy) throw new AppError('invalid_state', { detail: 'A deployment is under way, with the limits it was asked for: wait until it has ended.' });
    const container = await observer.current(app);
    if (container === null) throw new AppError('app_not_deployed');
    await checkRange(engine, limits);
    await checkUsage(engine, container, limits.memory_limit);
    await updateContainer(engine, container.id, limitsOf(limits));
    try {
      await noteLimits(journal, container, limits);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      // Not waited for: whoever wants to stop or delete the app, which may be what makes room, would wait behind it.
      const again = () => apps.hold(app, async () => ((await observer.current(app))?.id === container.id ? noteLimits(journal, container, limits) : undefined));
      whenThereIsRoom(host, { app, otherwise: 'its changed limits are not written down' }, again);
    }
    return {};
  });
}

/** A container whose deployment is no longer in the journal has nothing to be marked on. */
async function noteLimits(journal: Journal, { deployment }: AppContainer, limits: Limits): Promise<void> {
  if (journal.get(deployment) !== undefined) await journal.changeLimits(deployment, limits);
}

async function checkRange(engine: Engine, { cpu_limit: cpu, memory_limit: memory }: Limits): Promise<void> {
  if (memory !== null && memory < leastMemory) throw new AppError('limit_out_of_range', { detail: `memory_limit is ${memory} MB; the engine takes ${leastMemory} MB or more.` });
  const machine = await readEngineInfo(engine);
  if (machine === null) return;
  if (cpu !== null && cpu > machine.cpus) throw new AppError('limit_out_of_range', { detail: `cpu_limit is ${cpu} cores; the server has ${machine.cpus}.` });
  const most = Math.floor(machine.memory / megabyte);
  if (memory !== null && memory > most) throw new AppError('limit_out_of_range', { detail: `memory_limit is ${memory} MB; the server has ${most} MB.` });
}

/** Without the page cache, which the kernel gives up by itself. Under the new limit it would have to kill, or refuse. */
async function checkUsage(engine: Engine, { id, state }: AppContainer, memory: number | null): Promise<void> {
  if (memory === null || (state !== 'running' && state !== 'paused')) return;
  const use = await readStats(engine, id, { isComparable: true });
  if (use === null) throw new AppError('engine_unreachable', { detail: 'The engine did not tell what the app uses, so memory_limit could not be checked. Its limits are as they were.' });
  if (use.memory <= memory * megabyte) return;
  throw new AppError('limit_below_usage', { detail: `memory_limit is ${memory} MB; the app uses ${(use.memory / megabyte).toFixed(1)} MB now. Its limits are as they were.` });
}
