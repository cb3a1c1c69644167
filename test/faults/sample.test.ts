/** A sample of the fault matrix, small enough for every `npm test`. All of it: `npm run test:faults`. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ensureImages } from '../support/images.ts';
import { watchContainers, type Containers } from './containers.ts';
import type { Fault, Target } from './faults.ts';
import type { Effect } from './effects.ts';
import type { OperationName } from './operations.ts';
import { isWell, perform, tell } from './run.ts';
import { openWorld, type World } from './world.ts';

const seed = 1;

const message = (effect: Effect, target: Target, nth = 1): Fault => ({ kind: 'link', effect, target, nth, breaks: true, after: 200_000 });
const killed = (at: string): Fault => ({ kind: 'kill executor', at });

const sample: [title: string, OperationName, Fault[], isStateful?: boolean][] = [
  ['REL-27 REL-06 the call of a deployment is lost', 'deploy', [message('drop', 'call')]],
  ['REL-27 REL-06 the outcome of a deployment is told, and lost', 'deploy', [{ kind: 'engine away', at: 'outcome told', milliseconds: 500 }, message('drop', 'event', 3)]],
  ['REL-27 REL-21 two events change places', 'bad deploy', [message('reorder', 'event', 2)]],
  ['REL-27 REL-06 the answer to a command comes twice', 'command', [message('duplicate', 'answer')]],
  ['REL-27 REL-06 what is typed comes twice', 'terminal', [message('duplicate', 'exec frame')]],
  ['REL-27 REL-18 the connection breaks within a piece of the log', 'log', [message('truncate', 'log frame', 2)]],
  ['REL-27 REL-28 the bytes of an image stop halfway', 'upload', [message('truncate', 'dial-back')]],
  ['REL-07 the executor is killed before the engine makes the container', 'deploy', [killed('before create')]],
  ['REL-07 the executor is killed when the route has just been switched', 'deploy', [killed('routes written')]],
  ['REL-07 the executor is killed while it takes a bad deployment back', 'bad deploy', [killed('before removal of the bad one')]],
  ['REL-13 the executor is killed when the old container of an app with a volume has been stopped', 'deploy', [killed('old one stopped')], true],
  ['REL-08 the control plane is killed while a container starts', 'deploy', [{ kind: 'kill control plane', at: 'phase health' }]],
  ['REL-11 the engine is away when a container is to be started', 'deploy', [{ kind: 'engine away', at: 'phase health', milliseconds: 2_000 }]],
];

describe('REL-12 users go on being served, and all is well within a minute, when', () => {
  let world: World;
  let containers: Containers;
  /** Of users, in all runs: some are over before anybody asks. */
  let requests = 0;
  beforeAll(async () => {
    await ensureImages();
    world = await openWorld(inject('host'));
    containers = await watchContainers(world);
  });
  afterAll(async () => {
    containers?.stop();
    const left = await world?.stop();
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  test.each(sample.map(([title, operation, faults, isStateful = false], index) => ({ title, run: { index, steps: [{ operation, faults }], isCertain: true, isStateful } })))('$title', async ({ run }) => {
    const report = await perform(world, containers, run, seed);
    expect(isWell(report), tell(report).join('\n')).toBe(true);
    requests += report.requests;
    await world.controlPlane.start();
    await world.executor.start();
    await world.whole();
  });

  test('REL-12 users have asked all the while', () => {
    expect(requests).toBeGreaterThan(100);
  });
});
