/** What goes wrong. Each fault is armed before an operation and strikes at its moment within it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Passing } from './classify.ts';
import { delayTime, type Effect } from './effects.ts';
import type { OperationName } from './operations.ts';
import { deployPoints, points, type Point } from './points.ts';
import { isOver, readDeployments, type Scene } from './scene.ts';

export const targets = ['hello', 'call', 'answer', 'event', 'log frame', 'exec frame', 'dial-back'] as const;
export type Target = (typeof targets)[number];

export type Fault =
  | { kind: 'link'; effect: Effect; target: Target; /** Which of the messages that match. */ nth: number; breaks: boolean; /** Bytes. */ after: number }
  | { kind: 'kill executor'; at: string }
  | { kind: 'kill control plane'; at: string }
  /** `milliseconds` without an engine. */
  | { kind: 'engine away'; at: string; milliseconds: number }
  /** The connection breaks without any other harm. */
  | { kind: 'cut'; at: string };

export interface Armed {
  /** When it was over, in ms since the epoch: what was killed runs again. Null when it has not struck, or is not over. */
  endedAt(): number | null;
  /** Resolves when it is over; at once when it has not struck. */
  over(): Promise<void>;
  disarm(): Promise<void>;
}

export function arm(scene: Scene, fault: Fault): Armed {
  return fault.kind === 'link' ? armLink(scene, fault) : armStrike(scene, fault, strikes[fault.kind]);
}

export function describeFault(fault: Fault): string {
  if (fault.kind !== 'link') return `${fault.kind} at "${fault.at}"${fault.kind === 'engine away' ? ` for ${fault.milliseconds} ms` : ''}`;
  return `${fault.effect}${fault.effect === 'truncate' && fault.breaks ? ' (and break)' : ''} ${fault.target}${fault.nth > 1 ? ` ${fault.nth}` : ''}`;
}

/** What each target is met in. */
export const operationsOf: Record<Target, readonly OperationName[]> = {
  hello: ['deploy', 'bad deploy'],
  call: ['deploy', 'bad deploy', 'cancelled deploy', 'command'],
  answer: ['deploy', 'command'],
  event: ['deploy', 'bad deploy'],
  'log frame': ['log'],
  'exec frame': ['terminal'],
  'dial-back': ['upload'],
};

const strikes = {
  async 'kill executor'({ world }: Scene): Promise<void> {
    world.executor.kill();
    await sleep(300);
    await world.executor.start();
  },
  async 'kill control plane'({ world }: Scene): Promise<void> {
    world.controlPlane.kill();
    await sleep(500);
    await world.controlPlane.start();
  },
  async 'engine away'({ world }: Scene, fault: Fault): Promise<void> {
    world.gate.shut();
    await sleep(fault.kind === 'engine away' ? fault.milliseconds : 0);
    await world.gate.open();
  },
  async cut({ world }: Scene): Promise<void> {
    world.link.cut();
  },
};

function pointOf(at: string): Point {
  const point = points[at];
  if (point === undefined) throw new Error(`arm fault: there is no point "${at}"`);
  return point;
}

function armStrike(scene: Scene, fault: Exclude<Fault, { kind: 'link' }>, strike: (scene: Scene, fault: Fault) => Promise<void>): Armed {
  let striking: Promise<void> | undefined;
  let endedAt: number | null = null;
  const disarm = pointOf(fault.at)(scene.world, () => {
    // A point may be met again while it is being taken back.
    if (striking !== undefined) return true;
    noteInterrupted(scene);
    striking = strike(scene, fault)
      .catch((error: unknown) => void scene.problems.push(`the fault failed: ${String(error)}`))
      .then(() => void (endedAt = Date.now()));
    // What is on its way when an end dies, or the connection, does not arrive.
    return fault.kind === 'engine away';
  });
  return { endedAt: () => endedAt, over: async () => striking, disarm: async () => disarm() };
}

function armLink(scene: Scene, fault: Extract<Fault, { kind: 'link' }>): Armed {
  const { link } = scene.world;
  const { effect, target, breaks, after } = fault;
  let left = fault.nth;
  const met = target === 'dial-back' ? link.injectTransfer({ effect, after }) : link.inject({ effect, breaks, matches: (message) => matchesTarget(message, target) && --left === 0 });
  // Hello comes with a connection, so there has to be a new one.
  const unprovoked = () => undefined;
  const cut = () => {
    link.cut();
    return false;
  };
  const disarmCut = target === 'hello' ? deployPoints['phase create'](scene.world, cut) : unprovoked;
  let endedAt: number | null = null;
  void met.then(() => {
    noteInterrupted(scene);
    endedAt = Date.now() + (effect === 'delay' || effect === 'reorder' ? delayTime : 0);
  });
  return {
    endedAt: () => endedAt,
    over: () => sleep(Math.max(0, (endedAt ?? 0) - Date.now())),
    disarm() {
      disarmCut();
      return link.heal();
    },
  };
}

function matchesTarget({ kind, message, method }: Passing, target: Target): boolean {
  if (target === 'call' || target === 'answer') return kind === target && method !== null;
  if (target === 'event') return kind === 'event' && message?.type === 'event' && message.event.kind !== 'report' && message.event.kind !== 'usage';
  return kind === target;
}

function noteInterrupted(scene: Scene): void {
  readDeployments(scene).then(
    (deployments) => deployments.filter((deployment) => !isOver(deployment)).forEach(({ id }) => scene.interrupted.add(id)),
    // What cannot be asked now is counted as interrupted when it is not over afterwards, by what was acknowledged.
    () => undefined,
  );
}
