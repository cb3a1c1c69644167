/** Runs one after the other on one system, or several at once on one each. */
import type { Host } from '../../scripts/local/settings.ts';
import { watchContainers } from './containers.ts';
import { followLogs } from './process-logs.ts';
import { isWell, perform, type RunReport } from './run.ts';
import type { Run } from './schedule.ts';
import { openWorld } from './world.ts';

interface Options {
  host: Host;
  seed: number;
  runs: readonly Run[];
  lanes: number;
  onReport: (report: RunReport) => void;
}

export async function runAll({ host, seed, runs, lanes, onReport }: Options): Promise<{ reports: RunReport[]; left: string[] }> {
  const waiting = [...runs];
  const reports: RunReport[] = [];
  const left = await Promise.all(Array.from({ length: Math.min(lanes, runs.length) }, work));
  return { reports, left: left.flat() };

  async function work(): Promise<string[]> {
    const world = await openWorld(host);
    const containers = await watchContainers(world);
    try {
      for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
        const logs = await followLogs(world.dataDir, `${host}-${seed}-${run.index}`);
        const report = await perform(world, containers, run, seed);
        // The next run begins with everything there.
        await world.controlPlane.start();
        await world.executor.start();
        await world.whole().catch((error: Error) => report.problems.push(error.message));
        if (!isWell(report)) report.problems.push(`logs of the processes: ${await logs.keep()}`);
        reports.push(report);
        onReport(report);
      }
    } catch (error) {
      await world.stop();
      throw error;
    } finally {
      containers.stop();
    }
    return world.stop();
  }
}
