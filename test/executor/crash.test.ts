/** REL-07: an executor that is killed at any point of a deployment finishes it, or rolls it back, when it is started again. */
import { describe, expect, it } from 'vitest';
import { sweep } from '../../executor/deploy/sweep.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { eventually, fetchText, type HostFixture } from './host-fixture.ts';
import { survive, useLanes } from './lives.ts';
import { mortal } from './mortal.ts';
import { makeId, makeSpec } from './spec.ts';

const lanes = useLanes();

/** One for all runs: each would need a network of its own otherwise. */
const project = makeId('project');

const targetOf = (fixture: HostFixture, app: string) => fixture.proxy.routes().find((route) => route.app === app)?.targets[0];
const answerOf = (fixture: HostFixture, app: string) => fetchText(`${targetOf(fixture, app)?.address}`);
const containersOf = async (fixture: HostFixture, app: string) => (await fixture.containers()).filter((container) => container.Labels['dockup.app'] === app).map((container) => container.Labels['dockup.deployment']);

/** Deploys over a good one and kills the executor before its change number `last + 1`. */
async function redeploy(fixture: HostFixture, change: Partial<AppSpec>, last: number) {
  const good = makeSpec({ project, env: { VERSION: 'good' }, stop_timeout: 0, drain_timeout: 0 });
  const { status, deployment: first } = await fixture.deploy(good);
  expect(status).toBe('succeeded');
  await fixture.deployments.settled(good.app);
  const id = makeId('deployment');
  let servedBetween = '';
  const survival = await survive(fixture, { id, spec: { ...good, ...change }, last, onDeath: async () => void (servedBetween = await answerOf(fixture, good.app)) });
  return { ...survival, servedBetween, first, id, app: good.app };
}

describe('REL-07 a good deployment is finished, the old container serving until then,', () => {
  const changes = [
    'journal.accept', 'POST containers create', 'POST containers start', 'proxy.switchTo', 'POST images tag', 'journal.conclude',
    'POST containers stop', 'archive.keep', 'DELETE containers', 'journal.change',
  ];

  it('when nobody kills it: these are its changes', async () => {
    const { points } = await redeploy(lanes.first(), { env: { VERSION: 'next' } }, Infinity);
    expect(points).toEqual(changes);
  });

  it.concurrent.each(changes.map((change, last) => [change, last] as const))('killed before %s, change %i', (_change, last) =>
    lanes.hold(last, async (fixture) => {
      const { id, app, servedBetween, entry, points } = await redeploy(fixture, { env: { VERSION: 'next' } }, last);
      expect(points).toEqual(changes.slice(0, last + 1));
      expect(servedBetween).toBe(last > changes.indexOf('proxy.switchTo') ? 'next\n' : 'good\n');
      expect(entry).toMatchObject({ isDone: true, outcome: { status: 'succeeded' } });
      expect(targetOf(fixture, app)?.id).toBe(id);
      expect(await answerOf(fixture, app)).toBe('next\n');
      expect(await containersOf(fixture, app)).toEqual([id]);
    }),
  );
});

describe('REL-07 a bad deployment is rolled back, the old container serving throughout,', () => {
  const changes = ['journal.accept', 'POST containers create', 'POST containers start', 'journal.conclude', 'archive.keep', 'DELETE containers', 'DELETE images', 'journal.change'];

  it('when nobody kills it: these are its changes', async () => {
    const { points } = await redeploy(lanes.first(), { env: { EXIT_CODE: '1' } }, Infinity);
    expect(points).toEqual(changes);
  });

  it.concurrent.each(changes.map((change, last) => [change, last] as const))('killed before %s, change %i', (_change, last) =>
    lanes.hold(last, async (fixture) => {
      const { first, app, servedBetween, entry, points } = await redeploy(fixture, { env: { EXIT_CODE: '1' } }, last);
      expect(points).toEqual(changes.slice(0, last + 1));
      expect(servedBetween).toBe('good\n');
      expect(entry).toMatchObject({ isDone: true, outcome: { status: 'failed', failure: { code: 'container_exited' } } });
      expect(targetOf(fixture, app)?.id).toBe(first);
      expect(await containersOf(fixture, app)).toEqual([first]);
    }),
  );
});

describe('REL-07 what was asked for before a crash', () => {
  it('a cancellation is carried out after it', async () => {
    const fixture = lanes.first();
    const spec = makeSpec({ env: { NEVER_LISTEN: '1' } });
    const id = makeId('deployment');
    const mortality = mortal(Infinity);
    const killed = await fixture.reopen({ wrap: mortality.wrap });
    killed.deployments.resume();
    await killed.deployments.accept(id, spec);
    await eventually(async () => ((await containersOf(fixture, spec.app)).length === 1 ? true : undefined));
    // Only the wish reaches the disk.
    await killed.host.journal.change(id, { cancel: 'deployment_cancelled' });
    const revived = await fixture.reopen();
    revived.deployments.resume();
    await revived.deployments.settled(spec.app);
    expect(revived.host.journal.get(id)?.outcome).toMatchObject({ status: 'cancelled' });
    expect(await containersOf(fixture, spec.app)).toEqual([]);
    await killed.deployments.cancel(id, 'deployment_cancelled').catch(() => undefined);
  });

  it('a container that is already routed to, but now fails, gives the route back', async () => {
    const fixture = lanes.first();
    const good = makeSpec({ env: { VERSION: 'good' } });
    const first = await fixture.deploy(good);
    const id = makeId('deployment');
    // Killed between the switch and its outcome; the container has become bad meanwhile.
    await fixture.host.journal.accept(id, { ...good, env: { EXIT_CODE: '1' } }, Date.now() + 1000);
    await fixture.proxy.switchTo({ app: good.app, hosts: good.hosts, targets: [{ id, address: '10.255.255.1', port: 80 }] });
    const revived = await fixture.reopen();
    revived.deployments.resume();
    await revived.deployments.settled(good.app);
    expect(targetOf(fixture, good.app)?.id).toBe(first.deployment);
    expect(await answerOf(fixture, good.app)).toBe('good\n');
  });

  it('containers and networks that no deployment accounts for are removed, current ones are not', async () => {
    const fixture = lanes.first();
    const [kept, orphaned] = [makeSpec(), makeSpec()];
    const current = await fixture.deploy(kept);
    await fixture.deploy(orphaned);
    await fixture.proxy.remove(orphaned.app);
    // What it was made by has ended without success, and left it behind.
    const [leftover = ''] = await containersOf(fixture, orphaned.app);
    await fixture.host.journal.conclude({ kind: 'deployment', deployment: leftover, app: orphaned.app, status: 'failed', phase: 'health', at: Date.now(), image_id: null, failure: null }, true);
    await sweep(fixture.host, fixture.deployments);
    expect(await containersOf(fixture, orphaned.app)).toEqual([]);
    expect((await fixture.networks()).some((network) => network.Labels?.['dockup.project'] === orphaned.project)).toBe(false);
    expect(await containersOf(fixture, kept.app)).toEqual([current.deployment]);
  });

  it('of an app that the journal knows nothing of, because it was lost, everything stays', async () => {
    const fixture = lanes.first();
    const spec = makeSpec({ internal_port: null });
    const { deployment } = await fixture.deploy(spec);
    await fixture.host.journal.change(deployment, { isAcknowledged: true });
    await fixture.host.journal.forget(spec.app);
    await sweep(fixture.host, fixture.deployments);
    expect(await containersOf(fixture, spec.app)).toEqual([deployment]);
  });
});
