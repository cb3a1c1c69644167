/** Moments in a deployment at which its executor can be killed: seen from outside, by what it writes, says, and asks of the engine. */
import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFinished, type DeploymentPhase } from '../../shared/status.ts';
import type { Passing } from './classify.ts';
import type { World } from './world.ts';

/** Calls `strike` at its moment, once; a message that is this moment goes on if `strike` says so. @returns the function that stops waiting for it */
export type Point = (world: World, strike: () => boolean) => () => void;

export const deployPoints = {
  'call on its way': message(({ kind, method }) => kind === 'call' && method === 'deploy'),
  'journal entry begun': file('journal', '.json.tmp'),
  'journal entry written': file('journal', '.json'),
  'call answered': message(({ kind, method }) => kind === 'answer' && method === 'deploy'),
  'phase validate': phase('validate'),
  'phase create': phase('create'),
  'before create': request(/^POST \S*\/containers\/create/),
  'created': engineEvent('create'),
  'before start': request(/^POST \S*\/containers\/\w+\/start/),
  'started': engineEvent('start'),
  'phase health': phase('health'),
  'phase switch': phase('switch'),
  'routes written': file('proxy', 'routes.json'),
  'before tag': request(/^POST \S*\/images\/\S+\/tag/),
  'outcome written': file('journal', '.json', 2),
  'outcome told': message(isOutcome),
  'outcome acknowledged': message(({ kind }) => kind === 'ack', isOutcome),
  'before stop': request(/^POST \S*\/containers\/\w+\/stop/),
  'old one stopped': engineEvent('die'),
  'before removal': request(/^DELETE \S*\/containers\//),
  'old one removed': engineEvent('destroy'),
} satisfies Record<string, Point>;

export const badDeployPoints = {
  'bad one started': engineEvent('start'),
  'bad one died': engineEvent('die'),
  'before removal of the bad one': request(/^DELETE \S*\/containers\//),
  'bad one removed': engineEvent('destroy'),
  'failure written': file('journal', '.json', 2),
  'failure told': message(isOutcome),
} satisfies Record<string, Point>;

export const points: Record<string, Point> = { ...deployPoints, ...badDeployPoints };

function isOutcome({ message: said }: Passing): boolean {
  return said?.type === 'event' && said.event.kind === 'deployment' && isFinished(said.event.status);
}

function phase(name: DeploymentPhase): Point {
  return message(({ message: said }) => said?.type === 'event' && said.event.kind === 'deployment' && said.event.phase === name);
}

/** A message of the link. With `after`: the first such one after one of those. */
function message(matches: (passing: Passing) => boolean, after?: (passing: Passing) => boolean): Point {
  return ({ link }, strike) => {
    let isDue = after === undefined;
    const stop = link.watch((passing) => {
      if (isDue && matches(passing)) {
        stop();
        return strike();
      }
      isDue ||= after?.(passing) === true;
      return true;
    });
    return stop;
  };
}

/** A request to the engine, which never gets there. */
function request(head: RegExp): Point {
  return ({ gate }, strike) => {
    const held = gate.hold(head);
    let isOver = false;
    void held.first.then(async () => {
      if (isOver) return;
      strike();
      held.cut();
      // The cut connections are gone by then, and nothing of them is handed on.
      await sleep(100);
      held.release();
    });
    return () => {
      isOver = true;
      held.release();
    };
  };
}

/** What the engine itself says has happened. */
function engineEvent(action: string): Point {
  return ({ docker, serverId }, strike) => {
    const over = new AbortController();
    void follow().catch(() => undefined);
    return () => over.abort();

    async function follow(): Promise<void> {
      const filters = { type: ['container' as const], event: [action], label: [`dockup.server=${serverId}`] };
      const stream = await docker.getEvents({ filters, abortSignal: over.signal });
      const lines = createInterface({ input: stream });
      // It ends by being given up.
      lines.on('error', () => undefined);
      await once(lines, 'line', { signal: over.signal });
      strike();
      over.abort();
    }
  };
}

/** A file in a folder of the executor gets its name, for the `nth` time. */
function file(folder: string, ending: string, nth = 1): Point {
  return ({ executorDir }, strike) => {
    let left = nth;
    const watcher = watch(join(executorDir, folder), (event, name) => {
      if (event !== 'rename' || name?.endsWith(ending) !== true || --left !== 0) return;
      watcher.close();
      strike();
    });
    return () => watcher.close();
  };
}
