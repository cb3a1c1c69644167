/** REL-13: an app with volumes never has two containers at once, and what a failed deployment stopped comes back. */
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchEngine } from '../../executor/observe/watch.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { docker, eventually, fetchText, type HostFixture } from './host-fixture.ts';
import { survive, useLanes, type Survival } from './lives.ts';
import { makeId, makeSpec } from './spec.ts';

const lanes = useLanes();
let fixture: HostFixture;
const stop = new AbortController();
const { signal } = new AbortController();
beforeAll(() => {
  fixture = lanes.first();
});

const project = makeId('project');
const volumes = [{ name: 'data', mount_path: '/data' }];
const makeGood = (change: Partial<AppSpec> = {}) => makeSpec({ project, volumes, env: { VERSION: 'good' }, stop_timeout: 0, drain_timeout: 0, ...change });

const targetOf = (app: string, on = fixture) => on.proxy.routes().find((route) => route.app === app)?.targets[0];
/** What it answers, once it listens: one that was started again takes a moment. */
const serves = (app: string, on = fixture) => eventually(() => fetchText(targetOf(app, on)?.address ?? 'nowhere.invalid').catch(() => undefined));
const containersOf = async (app: string, on = fixture) => (await on.containers()).filter(({ Labels }) => Labels['dockup.app'] === app);
const deploymentsOf = async (app: string, on = fixture) => (await containersOf(app, on)).map(({ Labels }) => Labels['dockup.deployment']);

async function deployed(spec: AppSpec, on = fixture): Promise<string> {
  const outcome = await on.deploy(spec);
  expect(outcome.status).toBe('succeeded');
  await on.deployments.settled(spec.app);
  return outcome.deployment;
}

/** The most containers of an app that ran at one moment, by what the engine tells of their starts and ends. */
async function countTogether(app: string, work: () => Promise<unknown>, on = fixture): Promise<number> {
  const stream = await docker.getEvents({ filters: { label: [`dockup.app=${app}`], event: ['start', 'die'] } });
  const lines: string[] = [];
  createInterface({ input: stream }).on('line', (line) => lines.push(line));
  let together = (await containersOf(app, on)).filter(({ State }) => State === 'running').length;
  await work();
  // What it tells last is the start of the container that runs in the end.
  const [last] = await containersOf(app, on);
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

/** Deploys over a good one and kills the executor before its change number `last + 1`. */
async function redeploy(on: HostFixture, change: Partial<AppSpec>, last: number) {
  const good = makeGood();
  const { app } = good;
  const first = await deployed(good, on);
  const id = makeId('deployment');
  let survival: Survival | undefined;
  const together = await countTogether(app, async () => void (survival = await survive(on, { id, spec: { ...good, ...change }, last })), on);
  return { ...survival, first, id, app, together };
}

describe('REL-07 REL-13 a good deployment is finished, never beside the old container,', () => {
  const changes = [
    'journal.accept', 'POST containers create', 'journal.change', 'proxy.switchTo', 'POST containers update', 'POST containers stop', 'POST containers start',
    'proxy.switchTo', 'POST images tag', 'journal.conclude', 'POST containers stop', 'archive.keep', 'DELETE containers', 'journal.change',
  ];

  it('when nobody kills it: these are its changes', async () => {
    expect((await redeploy(fixture, { env: { VERSION: 'next' } }, Infinity)).points).toEqual(changes);
  });

  it.concurrent.each(changes.map((change, last) => [change, last] as const))('killed before %s, change %i', (_change, last) =>
    lanes.hold(last, async (on) => {
      const { id, app, together, entry, points } = await redeploy(on, { env: { VERSION: 'next' } }, last);
      expect(points).toEqual(changes.slice(0, last + 1));
      expect(entry).toMatchObject({ isDone: true, outcome: { status: 'succeeded' } });
      expect(together).toBe(1);
      expect(await serves(app, on)).toBe('next\n');
      expect(await deploymentsOf(app, on)).toEqual([id]);
    }),
  );
});

describe('REL-07 REL-13 a bad deployment is rolled back, the old container running and routed to,', () => {
  const changes = [
    'journal.accept', 'POST containers create', 'journal.change', 'proxy.switchTo', 'POST containers update', 'POST containers stop', 'POST containers start',
    'journal.conclude', 'archive.keep', 'DELETE containers', 'POST containers update', 'POST containers start', 'proxy.switchTo', 'DELETE images', 'journal.change',
  ];

  it('when nobody kills it: these are its changes', async () => {
    expect((await redeploy(fixture, { env: { EXIT_CODE: '1' } }, Infinity)).points).toEqual(changes);
  });

  it.concurrent.each(changes.map((change, last) => [change, last] as const))('killed before %s, change %i', (_change, last) =>
    lanes.hold(last, async (on) => {
      const { first, app, together, entry, points } = await redeploy(on, { env: { EXIT_CODE: '1' } }, last);
      expect(points).toEqual(changes.slice(0, last + 1));
      expect(entry).toMatchObject({ isDone: true, outcome: { status: 'failed' } });
      expect(together).toBe(1);
      expect(targetOf(app, on)?.id).toBe(first);
      expect(await serves(app, on)).toBe('good\n');
      expect(await deploymentsOf(app, on)).toEqual([first]);
    }),
  );
});
