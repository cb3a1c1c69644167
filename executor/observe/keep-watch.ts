/** What goes on for as long as the executor runs: following the engine, and reporting at intervals. */
import { serveWhatRuns } from '../deploy/switch.ts';
import { sweep } from '../deploy/sweep.ts';
import type { Deployments } from '../deploy/deployments.ts';
import type { DeployHost } from '../deploy/host.ts';
import { describeError } from '../log.ts';
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
  await Promise.all([
    resumeAnyway(options),
    reportAtIntervals(options),
    watchEngine({
      engine: host.engine,
      clock: host.clock,
      signal,
      onHint: (hint) => observer.hint(hint),
      onUp: () => settle(options),
      onDown: () => void observer.report(),
    }),
  ]);
}

/** The engine is there, for the first time or again: routing first, because apps may already serve behind it. */
async function settle({ host, deployments, observer }: KeepWatchOptions): Promise<void> {
  const { proxy, log } = host;
  await observer.report();
  await proxy.ensure().catch((error: unknown) => log.error('the proxy is not available; deployments will fail until it is', { error: describeError(error) }));
  await serveWhatRuns(host).catch((error: unknown) => log.warn('routes could not be completed', { error: describeError(error) }));
  deployments.resume();
  await sweep(host).catch((error: unknown) => log.warn('leftovers could not be removed', { error: describeError(error) }));
}

async function resumeAnyway({ host, deployments, signal }: KeepWatchOptions): Promise<void> {
  await host.clock.sleep(engineAtStart, signal).catch(() => undefined);
  if (!signal.aborted) deployments.resume();
}

async function reportAtIntervals({ host, observer, reportInterval, signal }: KeepWatchOptions): Promise<void> {
  while (!signal.aborted) {
    await host.clock.sleep(reportInterval() * 1000, signal).catch(() => undefined);
    if (signal.aborted) return;
    await observer.measure().catch((error: unknown) => host.log.warn('usage could not be measured', { error: describeError(error) }));
    await observer.report();
  }
}
