/** Deployments whose executor is killed, and what the next one makes of them; several at once, each on a host of its own. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { sweep } from '../../executor/deploy/sweep.ts';
import type { JournalEntry } from '../../executor/journal.ts';
import { createLocks } from '../../executor/locks.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { ensureImages } from '../support/images.ts';
import { eventually, openHostFixture, type HostFixture } from './host-fixture.ts';
import { mortal } from './mortal.ts';

const lanes = 3;

export interface Lanes {
  /** The host of the first lane. */
  first(): HostFixture;
  /** Run on a host that nobody else works on meanwhile. */
  hold<T>(turn: number, work: (fixture: HostFixture) => Promise<T>): Promise<T>;
}

/** Hosts for the tests of a file. */
export function useLanes(): Lanes {
  const locks = createLocks();
  const fixtures: HostFixture[] = [];
  const at = (index: number): HostFixture => {
    const fixture = fixtures[index % lanes];
    if (fixture === undefined) throw new Error('the hosts are not open');
    return fixture;
  };
  beforeAll(async () => {
    await ensureImages();
    // Ranges of different lanes never meet.
    for (let lane = 0; lane < lanes; lane++) fixtures.push(await openHostFixture({ pool: `10.${214 + 12 * lane + randomInt(12)}.0.0/16` }));
  });
  afterAll(async () => {
    await Promise.all(fixtures.map((fixture) => fixture.close()));
  });
  return {
    first: () => at(0),
    hold: (turn, work) => locks.hold(String(turn % lanes), () => work(at(turn))),
  };
}

interface Killed {
  id: string;
  spec: AppSpec;
  /** Changes that the first executor lives to make. */
  last: number;
  /** Between the two lives. */
  onDeath?: () => Promise<void>;
}

export interface Survival {
  entry: Readonly<JournalEntry> | undefined;
  /** Of the first executor: see `Mortality`. */
  points: readonly string[];
}

/** Deploys, kills the executor before its change number `last + 1`, and starts another, as after `kill -9`. */
export async function survive(fixture: HostFixture, { id, spec, last, onDeath }: Killed): Promise<Survival> {
  const mortality = mortal(last);
  const killed = await fixture.reopen({ wrap: mortality.wrap });
  killed.deployments.resume();
  void killed.deployments.accept(id, spec);
  // A life that is long enough goes through to the end; a shorter one stops somewhere before.
  await eventually(() => (mortality.isDead() || killed.host.journal.get(id)?.isDone ? true : undefined));
  // What was on its way to the engine still arrives.
  await sleep(20);
  await onDeath?.();

  const revived = await fixture.reopen();
  revived.deployments.resume();
  await sweep(revived.host, revived.deployments);
  // The control plane, which got no answer, sends the deployment again.
  await revived.deployments.accept(id, spec);
  await revived.deployments.settled(spec.app);
  return { entry: revived.host.journal.get(id), points: mortality.points };
}
