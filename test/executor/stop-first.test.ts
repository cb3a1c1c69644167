/** REL-13: an app with volumes never has two containers at once, and what a failed deployment stopped comes back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweep } from '../../executor/deploy/sweep.ts';
import { watchEngine } from '../../executor/observe/watch.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { ensureImages } from '../support/images.ts';
import { docker, eventually, fetchText, openHostFixture, type HostFixture } from './host-fixture.ts';
import { mortal } from './mortal.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
const stop = new AbortController();
const { signal } = new AbortController();
beforeAll(async () => {
  await ensureImages();
  fixture = await openHostFixture();
});
afterAll(async () => {
  await fixture.close();
});

const project = makeId('project');
const volumes = [{ name: 'data', mount_path: '/data' }];
const makeGood = (change: Partial<AppSpec> = {}) => makeSpec({ project, volumes, env: { VERSION: 'good' }, stop_timeout: 0, drain_timeout: 0, ...change });

const targetOf = (app: string) => fixture.proxy.routes().find((route) => route.app === app)?.targets[0];
/** What it answers, once it listens: one that was started again takes a moment. */
const serves = (app: string) => eventually(() => fetchText(targetOf(app)?.address ?? 'nowhere.invalid').catch(() => undefined));
const containersOf = async (app: string) => (await fixture.containers()).filter(({ Labels }) => Labels['dockup.app'] === app);
const deploymentsOf = async (app: string) => (await containersOf(app)).map(({ Labels }) => Labels['dockup.deployment']);

async function deployed(spec: AppSpec): Promise<string> {
  const outcome = await fixture.deploy(spec);
  expect(outcome.status).toBe('succeeded');
  await fixture.deployments.settled(spec.app);
  return outcome.deployment;
}

/** The most containers of an app that ran at one moment, by what the engine tells of their starts and ends. */
async function countTogether(app: string, work: () => Promise<unknown>): Promise<number> {
  const stream = await docker.getEvents({ filters: { label: [`dockup.app=${app}`], event: ['start', 'die'] } });
  const lines: string[] = [];
  createInterface({ input: stream }).on('line', (line) => lines.push(line));
  let together = (await containersOf(app)).filter(({ State }) => State === 'running').length;
  await work();
  // What it tells last is the start of the container that runs in the end.
  const [last] = await containersOf(app);
  await eventually(() => (lines.some((line) => line.includes(last?.Id ?? '') && line.includes('"start"')) ? true : undefined));
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
  let most = together;
  for (const line of lines) {
    together += line.includes('"start"') ? 1 : -1;
    most = Math.max(most, together);
  }
  return most;
}

describe('REL-13 a deployment of an app with a volume', () => {
  beforeAll(() => {
    const { host, observer } = fixture;
    void watchEngine({ engine: host.engine, clock: host.clock, signal: stop.signal, onHint: (hint) => observer.hint(hint), onUp: () => observer.report(), onDown: () => undefined });
  });
  // What follows has several executors, each with a journal of its own on the same disk.
  afterAll(() => stop.abort());

  it('stops the old container before it starts the new one, and takes it out of the route before that', async () => {
    const spec = makeGood();
    const first = await deployed(spec);
    fixture.proxy.calls.length = 0;
    const id = makeId('deployment');
    expect(await countTogether(spec.app, () => fixture.deploy({ ...spec, env: { VERSION: 'next' } }, id))).toBe(1);
    await fixture.deployments.settled(spec.app);
    expect(fixture.proxy.calls.slice(0, 2)).toEqual(['switch ', `switch ${id}`]);
    expect(await serves(spec.app)).toBe('next\n');
    expect(await deploymentsOf(spec.app)).toEqual([id]);
    expect(first).not.toBe(id);
  });

  it.each<[string, Partial<AppSpec>, string]>([
    ['exits', { env: { EXIT_CODE: '1' } }, 'container_exited'],
    ['never listens', { env: { NEVER_LISTEN: '1' }, health_check: { kind: 'tcp', interval: 1, timeout: 1, grace: 1 } }, 'health_check_failed'],
    ['cannot be started', { command: ['/bin/no-such-program'] }, 'container_start_failed'],
    ['has no image', { image: 'dockup-test/no-such-image:1' }, 'image_not_found'],
  ])('that fails because the new container %s starts the old one again', async (_name, change, code) => {
    const spec = makeGood({ restart_policy: { name: 'unless-stopped', maximum_retries: 0 } });
    const first = await deployed(spec);
    const [before] = await containersOf(spec.app);
    expect(await fixture.deploy({ ...spec, ...change })).toMatchObject({ status: 'failed', failure: { code } });
    expect(await serves(spec.app)).toBe('good\n');
    expect(await containersOf(spec.app)).toMatchObject([{ Id: before?.Id, State: 'running' }]);
    expect(targetOf(spec.app)?.id).toBe(first);
    await fixture.deployments.settled(spec.app);
    expect(await fixture.observer.status(spec.app)).toBe('running');
    expect(fixture.host.journal.get(first)).toMatchObject({ isStopped: false });
  });

  it('that is cancelled starts the old one again', async () => {
    const spec = makeGood();
    await deployed(spec);
    const id = makeId('deployment');
    await fixture.deployments.accept(id, { ...spec, env: { NEVER_LISTEN: '1' } });
    await eventually(async () => ((await deploymentsOf(spec.app)).length === 2 ? true : undefined));
    await eventually(() => (fixture.host.journal.get(id)?.released == null ? undefined : true));
    expect(await fixture.deployments.cancel(id, 'deployment_cancelled')).toBe(true);
    expect(await fixture.outcome(id)).toMatchObject({ status: 'cancelled' });
    expect(await serves(spec.app)).toBe('good\n');
  });

  it('lets nobody start the old container meanwhile', async () => {
    const spec = makeGood();
    await deployed(spec);
    const id = makeId('deployment');
    await fixture.deployments.accept(id, { ...spec, env: { NEVER_LISTEN: '1' } });
    await eventually(() => (fixture.host.journal.get(id)?.released == null ? undefined : true));
    for (const action of ['start', 'restart'] as const) await expect(fixture.handlers.act({ app: spec.app, action }, signal)).rejects.toMatchObject({ code: 'invalid_state' });
    expect((await containersOf(spec.app)).filter(({ State }) => State === 'running').length).toBeLessThan(2);
    await fixture.deployments.cancel(id, 'deployment_cancelled');
    await fixture.outcome(id);
  });

  it('that fails leaves an app stopped that was stopped before', async () => {
    const spec = makeGood();
    await deployed(spec);
    await fixture.handlers.act({ app: spec.app, action: 'stop' }, signal);
    expect(await fixture.deploy({ ...spec, env: { EXIT_CODE: '1' } })).toMatchObject({ status: 'failed' });
    await fixture.deployments.settled(spec.app);
    expect(await containersOf(spec.app)).toMatchObject([{ State: 'exited' }]);
  });

  it('is told as starting, not as a crash', async () => {
    const spec = makeGood();
    await deployed(spec);
    await fixture.observer.look();
    const begun = fixture.events.length;
    await deployed({ ...spec, env: { VERSION: 'next' } });
    await fixture.observer.look();
    const told = fixture.events.slice(begun).flatMap((event) => (event.kind === 'status' && event.app === spec.app ? [event.status] : []));
    expect(told.filter((status) => status !== 'starting' && status !== 'running')).toEqual([]);
  });

  it('also when it gets its first volume; when it loses the last one, it is replaced without a gap', async () => {
    const plain = makeGood({ volumes: [], strategy: 'start-first' });
    await deployed(plain);
    const mounted: AppSpec = { ...plain, volumes, strategy: 'stop-first' };
    expect(await countTogether(plain.app, () => deployed(mounted))).toBe(1);
    expect(await countTogether(plain.app, () => deployed(plain))).toBe(2);
  });
});

/** Deploys `next` over a good one and kills the executor before its request number `last + 1`; then starts another, as after `kill -9`. */
async function survive(next: Partial<AppSpec>, last: number) {
  const good = makeGood();
  const first = await deployed(good);
  const mortality = mortal(last);
  const id = makeId('deployment');
  let revived = fixture;
  const together = await countTogether(good.app, async () => {
    const killed = await fixture.reopen({ wrap: mortality.wrap });
    killed.deployments.resume();
    void killed.deployments.accept(id, { ...good, ...next });
    await eventually(() => (mortality.isDead() || killed.host.journal.get(id)?.isDone ? true : undefined));
    await sleep(20);
    revived = { ...fixture, ...(await fixture.reopen()) };
    revived.deployments.resume();
    await sweep(revived.host);
    await revived.deployments.accept(id, { ...good, ...next });
    await revived.deployments.settled(good.app);
  });
  return { first, id, app: good.app, together, entry: revived.host.journal.get(id), wasKilled: mortality.isDead() };
}

describe('REL-07 REL-13 killed at each of its requests', { timeout: 400_000 }, () => {
  it('a good deployment is finished, never beside the old container', async () => {
    let points = 0;
    for (let isKilled = true; isKilled; points++) {
      const { id, app, together, entry, wasKilled } = await survive({ env: { VERSION: 'next' } }, points);
      expect(entry, `killed after ${points}`).toMatchObject({ isDone: true, outcome: { status: 'succeeded' } });
      expect(together, `killed after ${points}`).toBe(1);
      expect(await serves(app)).toBe('next\n');
      expect(await deploymentsOf(app), `containers after ${points}`).toEqual([id]);
      isKilled = wasKilled;
    }
    expect(points).toBeGreaterThan(18);
  });

  it('a bad deployment is rolled back: the old container runs and is routed to', async () => {
    let points = 0;
    for (let isKilled = true; isKilled; points++) {
      const { first, app, together, entry, wasKilled } = await survive({ env: { EXIT_CODE: '1' } }, points);
      expect(entry, `killed after ${points}`).toMatchObject({ isDone: true, outcome: { status: 'failed' } });
      expect(together, `killed after ${points}`).toBe(1);
      expect(targetOf(app)?.id, `route after ${points}`).toBe(first);
      expect(await serves(app)).toBe('good\n');
      expect(await deploymentsOf(app), `containers after ${points}`).toEqual([first]);
      isKilled = wasKilled;
    }
    expect(points).toBeGreaterThan(15);
  });
});
