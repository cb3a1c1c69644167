/** What goes on for as long as the executor runs: following the engine, and reporting at intervals. */
import { serveWhatRuns } from '../deploy/switch.ts';
import { sweep } from '../deploy/sweep.ts';
import type { Deployments } from '../deploy/deployments.ts';
import type { DeployHost } from '../deploy/host.ts';
import { isReachable } from '../docker/engine.ts';
import { describeError } from '../log.ts';
import { createRoutingKeeper } from './keep-routing.ts';
import type { Observer } from './observer.ts';
import { watchEngine } from './watch.ts';

export interface KeepWatchOptions {
  host: DeployHost;
  deployments: Deployments;
  observer: Observer;
  /** Seconds between two reports, as the control plane last asked for. */
  reportInterval: () => number;
  signal: AbortSignal;
}

/** ms that accepted deployments wait at start for an engine that is away; then they find out by themselves. */
const engineAtStart = 5_000;

export async function keepWatch(options: KeepWatchOptions): Promise<void> {
  const { host, observer, signal } = options;
  const keepRouting = createRoutingKeeper(host);
  await Promise.all([
    resumeAnyway(options),
    reportAtIntervals(options, keepRouting),
    watchEngine({
      engine: host.engine,
      clock: host.clock,
      signal,
      onHint: (hint) => observer.hint(hint),
      onUp: () => settle(options, keepRouting),
      onDown: () => void observer.report(),
    }),
  ]);
}

/** The engine is there, for the first time or again: routing first, because apps may already serve behind it. */
async function settle({ host, deployments, observer }: KeepWatchOptions, keepRouting: () => Promise<void>): Promise<void> {
  const { log } = host;
  await observer.report();
  await keepRouting();
  await serveWhatRuns(host).catch((error: unknown) => log.warn('routes could not be completed', { error: describeError(error) }));
  deployments.resume();
  await sweep(host).catch((error: unknown) => log.warn('leftovers could not be removed', { error: describeError(error) }));
}

async function resumeAnyway({ host, deployments, signal }: KeepWatchOptions): Promise<void> {
  await host.clock.sleep(engineAtStart, signal).catch(() => undefined);
  if (!signal.aborted) deployments.resume();
}

async function reportAtIntervals({ host, observer, reportInterval, signal }: KeepWatchOptions, keepRouting: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await host.clock.sleep(reportInterval() * 1000, signal).catch(() => undefined);
    if (signal.aborted) return;
    // Only of an engine that answers: one that hangs would let the report wait for each container.
    if (await isReachable(host.engine)) {
      // Not waited for: neither a report nor the end of the process depends on it.
      void keepRouting();
      await observer.measure().catch((error: unknown) => host.log.warn('usage could not be measured', { error: describeError(error) }));
    }
    await observer.report();
  }
}
