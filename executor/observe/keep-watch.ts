/** What goes on for as long as the executor runs: following the engine, and reporting at intervals. */
import { settleStops } from '../deploy/settle-stops.ts';
import { serveWhatRuns } from '../deploy/switch.ts';
import { sweep } from '../deploy/sweep.ts';
import type { Deployments } from '../deploy/deployments.ts';
import type { DeployHost } from '../deploy/host.ts';
import { isReachable } from '../docker/engine.ts';
import { endLeftovers } from '../exec/leftovers.ts';
import { describeError } from '../log.ts';
import { singleFlight } from '../single-flight.ts';
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

/** ms between two looks at what apps use. With 30 containers a look costs dockerd 70 ms of a core and this process 50. */
const measureInterval = 10_000;

export async function keepWatch(options: KeepWatchOptions): Promise<void> {
  const { host, observer, signal } = options;
  const keepRouting = createRoutingKeeper(host);
  await Promise.all([
    resumeAnyway(options),
    host.logs.archive.keepPruned(signal),
    reportAtIntervals(options, keepRouting),
    watchEngine({
      engine: host.engine,
      clock: host.clock,
      signal,
      onHint: (hint) => {
        observer.hint(hint);
        host.logs.hint(hint);
      },
      onUp: () => settle(options, keepRouting),
      onDown: () => {
        // Looked for every second, and told once.
        if (observer.isEngineReachable) void observer.report();
      },
    }),
  ]);
}

/** The engine is there, for the first time or again: routing first, because apps may already serve behind it. */
async function settle({ host, deployments, observer }: KeepWatchOptions, keepRouting: () => Promise<void>): Promise<void> {
  const { log } = host;
  host.logs.hintAll();
  await observer.report();
  // Not waited for: those that ignore a hang-up take two seconds.
  void endLeftovers(host.engine, log);
  // Not waited for: the engine needs two seconds for its first look, and apps may serve before.
  void tellUsage(host, observer);
  await keepRouting();
  await serveWhatRuns(host).catch((error: unknown) => log.warn('routes could not be completed', { error: describeError(error) }));
  await settleStops(host).catch((error: unknown) => log.warn('stops that were cut short are not settled', { error: describeError(error) }));
  deployments.resume();
  await clearUp(host, deployments);
}

async function clearUp(host: DeployHost, deployments: Deployments): Promise<void> {
  deployments.retry();
  await sweep(host, deployments).catch((error: unknown) => host.log.warn('leftovers could not be removed', { error: describeError(error) }));
}

async function resumeAnyway({ host, deployments, signal }: KeepWatchOptions): Promise<void> {
  await host.clock.sleep(engineAtStart, signal).catch(() => undefined);
  if (!signal.aborted) deployments.resume();
}

/** The full picture at the interval that the control plane asks for, and a look at what apps use before each and in between. */
async function reportAtIntervals({ host, deployments, observer, reportInterval, signal }: KeepWatchOptions, keepRouting: () => Promise<void>): Promise<void> {
  const keepClear = singleFlight(() => clearUp(host, deployments));
  for (let round = Date.now(), reported = round; !signal.aborted; ) {
    // From when the last round began: looking takes a second or two.
    round = Math.max(round + Math.min(measureInterval, reportInterval() * 1000), Date.now());
    await host.clock.sleep(round - Date.now(), signal).catch(() => undefined);
    if (signal.aborted) return;
    const isUp = await isReachable(host.engine);
    // An engine that hangs ends no stream of events: nobody else notices before the next report is due.
    const isReportDue = round - reported >= reportInterval() * 1000 || isUp !== observer.isEngineReachable;
    // Only of an engine that answers: one that hangs would let the report wait for each container.
    if (isUp) {
      // Not waited for: neither a report nor the end of the process depends on it.
      if (isReportDue) {
        void keepRouting();
        void keepClear();
      }
      await measure(host, observer);
    }
    if (!isReportDue) continue;
    reported = round;
    await observer.report();
  }
}

/** A control plane that has just come, or come back, knows nothing of what apps use: it need not wait for the next report. */
async function tellUsage(host: DeployHost, observer: Observer): Promise<void> {
  await measure(host, observer);
  await observer.report();
}

async function measure(host: DeployHost, observer: Observer): Promise<void> {
  await observer.measure().catch((error: unknown) => host.log.warn('usage could not be measured', { error: describeError(error) }));
}
