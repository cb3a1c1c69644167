/** What is run: the matrix and every point first, in an order that the seed chooses, then schedules that it makes up. */
import type { Host } from '../../scripts/local/settings.ts';
import { effects } from './effects.ts';
import { describeFault, operationsOf, targets, type Fault } from './faults.ts';
import { operationNames, type OperationName } from './operations.ts';
import { badDeployPoints, deployPoints } from './points.ts';
import { createRandom, type Random } from './random.ts';

export interface Step {
  operation: OperationName;
  /** Armed before the operation. */
  faults: Fault[];
}

export interface Run {
  index: number;
  steps: Step[];
  /** Every fault has its moment for certain: one that met nothing is a mistake. */
  isCertain: boolean;
  /** The app has a volume, so it is replaced stop-first. */
  isStateful: boolean;
}

type Planned = Pick<Run, 'steps' | 'isStateful'>;

/** Where an app that is replaced stop-first has no container that serves, or two of which one must not run. */
const statefulKills: (keyof typeof deployPoints)[] = ['before stop', 'old one stopped', 'before start', 'started', 'phase health', 'routes written', 'outcome written'];

/** The same for the same seed, whatever else is run. */
export function planRuns(seed: number, count: number, host: Host): Run[] {
  const stateful = statefulKills.map((at): Planned => ({ isStateful: true, steps: [{ operation: 'deploy', faults: [{ kind: 'kill executor', at }] }] }));
  const stateless = certainSteps(createRandom(seed, 1), host).map((step): Planned => ({ isStateful: false, steps: [step] }));
  const matrix = createRandom(seed).shuffle([...stateless, ...stateful]);
  return Array.from({ length: count }, (_, index) => {
    const planned = matrix[index];
    if (planned !== undefined) return { index, isCertain: true, ...planned };
    return { index, isCertain: false, isStateful: createRandom(seed, 4, index).below(3) === 0, steps: randomSteps(createRandom(seed, 2, index)) };
  });
}

export function describeRun({ steps, isStateful }: Run): string {
  const what = steps.map(({ operation, faults }) => `${operation}${faults.length === 0 ? '' : ` with ${faults.map(describeFault).join(' and ')}`}`).join(', then ');
  return isStateful ? `an app with a volume: ${what}` : what;
}

function certainSteps(random: Random, host: Host): Step[] {
  const link = effects.flatMap((effect) => targets.map((target) => linkStep(random, effect, target)));
  const kills = Object.keys(deployPoints).map((at): Step => ({ operation: 'deploy', faults: [{ kind: 'kill executor', at }] }));
  const badKills = Object.keys(badDeployPoints).map((at): Step => ({ operation: 'bad deploy', faults: [{ kind: 'kill executor', at }] }));
  const others = ['call answered', 'phase create', 'started', 'phase health', 'phase switch', 'outcome told'];
  const apart = others.flatMap((at): Step[] => [
    { operation: 'deploy', faults: [{ kind: 'kill control plane', at }] },
    { operation: 'deploy', faults: [{ kind: 'engine away', at, milliseconds: 1_000 + random.below(6_000) }] },
    { operation: 'deploy', faults: [{ kind: 'cut', at }] },
  ]);
  const evictions: Step[] = host === 'edge' ? [{ operation: 'slow deploy', faults: [] }, { operation: 'slow deploy', faults: [{ kind: 'cut', at: 'outcome told' }] }] : [];
  return [...link, ...kills, ...badKills, ...apart, ...evictions];
}

function linkStep(random: Random, effect: (typeof effects)[number], target: (typeof targets)[number]): Step {
  const operation = random.pick(operationsOf[target]);
  // A deployment has at least four events, a log and a terminal at least two frames.
  const nth = 1 + random.below({ hello: 1, call: 1, answer: 1, event: 4, 'log frame': 5, 'exec frame': 2, 'dial-back': 1 }[target]);
  return { operation, faults: [{ kind: 'link', effect, target, nth, breaks: random.below(2) === 0, after: random.below(800_000) }] };
}

function randomSteps(random: Random): Step[] {
  const everything = operationNames.filter((name) => name !== 'slow deploy');
  const steps = Array.from({ length: 2 + random.below(3) }, (): Step => ({ operation: random.pick(everything), faults: [] }));
  for (let left = 1 + random.below(3); left > 0; left--) random.pick(steps).faults.push(randomFault(random));
  return steps;
}

function randomFault(random: Random): Fault {
  const at = random.pick(Object.keys(deployPoints));
  switch (random.below(6)) {
    case 0:
      return { kind: 'kill executor', at };
    case 1:
      return { kind: 'kill control plane', at };
    case 2:
      return { kind: 'engine away', at, milliseconds: 500 + random.below(8_000) };
    case 3:
      return { kind: 'cut', at };
    default:
      return { kind: 'link', effect: random.pick(effects), target: random.pick(targets), nth: 1 + random.below(4), breaks: random.below(2) === 0, after: random.below(800_000) };
  }
}
