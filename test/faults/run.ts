/** One run: an app of its own that users ask for all the while, operations, faults, and the check of what became of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from '../support/load.ts';
import { check, checkRemoval, type Findings } from './check.ts';
import type { Containers } from './containers.ts';
import { arm, describeFault } from './faults.ts';
import { operate } from './operations.ts';
import { createRandom } from './random.ts';
import { describeRun, type Run, type Step } from './schedule.ts';
import { openScene, type Scene } from './scene.ts';
import type { World } from './world.ts';

export interface RunReport extends Findings {
  run: Run;
  /** Faults that struck. */
  faults: number;
  /** Replies to users that were none. */
  failedRequests: string[];
  requests: number;
  refusals: string[];
  milliseconds: number;
}

/** Requests a second: the machine has other things to do. */
const load = { kept: 5, fresh: 2 };

/** Never rejects: a run that cannot even be made is one that has failed. */
export async function perform(world: World, containers: Containers, run: Run, seed: number): Promise<RunReport> {
  const begun = performance.now();
  try {
    return await performNow(world, containers, run, seed);
  } catch (error) {
    const nothing = { finished: 0, rolledBack: 0, resumed: 0, orphans: [], lost: [], doubles: [], settledAfter: 0, faults: 0, failedRequests: [], requests: 0, refusals: [] };
    return { ...nothing, run, problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)], milliseconds: performance.now() - begun };
  }
}

async function performNow(world: World, containers: Containers, run: Run, seed: number): Promise<RunReport> {
  const begun = performance.now();
  const scene = await openScene(world, createRandom(seed, 3, run.index), { name: `run-${run.index}`, isStateful: run.isStateful });
  // An app that is stopped on purpose is asked for by nobody, nor one that is away while it is replaced.
  const target = { port: world.httpPort, host: `${scene.slug}-app.localhost:${world.httpPort}` };
  const users = run.isStateful || run.steps.some(({ operation }) => operation === 'stop and start') ? undefined : startLoad(target, load);
  let faults = 0;
  for (const step of run.steps) faults += await take(scene, step, run.isCertain);
  const findings = await check(scene, containers);
  const { failures, sent } = (await users?.stop()) ?? { failures: [], sent: 0 };
  const left = await checkRemoval(scene);
  return {
    ...findings,
    run,
    faults,
    problems: [...scene.problems, ...findings.problems],
    orphans: [...findings.orphans, ...left],
    failedRequests: failures,
    requests: sent,
    refusals: scene.refusals,
    milliseconds: performance.now() - begun,
  };
}

/** @returns how many faults struck */
async function take(scene: Scene, { operation, faults }: Step, isCertain: boolean): Promise<number> {
  const armed = faults.map((fault) => ({ fault, armed: arm(scene, fault) }));
  // What is watched by the engine's own stream is watched from here on.
  await sleep(50);
  await operate(scene, operation);
  // A deployment has ended for its user before the old container is gone.
  const deadline = Date.now() + 20_000;
  while (isCertain && armed.some((one) => one.armed.endedAt() === null) && Date.now() < deadline) await sleep(20);
  await Promise.all(armed.map((one) => one.armed.over()));
  for (const one of armed) await one.armed.disarm();
  const ends = armed.map((one) => ({ ...one, endedAt: one.armed.endedAt() }));
  if (isCertain) for (const { fault, endedAt } of ends) if (endedAt === null) scene.problems.push(`the fault never struck: ${describeFault(fault)}`);
  scene.faultEnd = Math.max(scene.faultEnd, ...ends.map(({ endedAt }) => endedAt ?? 0));
  return ends.filter(({ endedAt }) => endedAt !== null).length;
}

export function isWell({ orphans, lost, doubles, problems, failedRequests }: RunReport): boolean {
  return [orphans, lost, doubles, problems, failedRequests].every((list) => list.length === 0);
}

export function tell(report: RunReport): string[] {
  const { run, milliseconds, settledAfter, refusals } = report;
  const seconds = (time: number) => `${(time / 1000).toFixed(1)} s`;
  const wrong = [report.problems, report.orphans, report.lost, report.doubles, report.failedRequests.slice(0, 5)].flat();
  return [
    `${isWell(report) ? 'ok  ' : 'FAIL'} ${run.index}: ${describeRun(run)} (${seconds(milliseconds)}, settled after ${seconds(settledAfter)}${refusals.length > 0 ? `, refused: ${[...new Set(refusals)].join()}` : ''})`,
    ...wrong.map((line) => `       ${line}`),
  ];
}
