/** REL-07: an executor that is killed at any point of a deployment finishes it, or rolls it back, when it is started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweep } from '../../executor/deploy/sweep.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { ensureImages } from '../support/images.ts';
import { eventually, fetchText, openHostFixture, type HostFixture } from './host-fixture.ts';
import { mortal } from './mortal.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
beforeAll(async () => {
  await ensureImages();
  fixture = await openHostFixture();
});
afterAll(() => fixture.close());

/** One for all runs: each would need a network of its own otherwise. */
const project = makeId('project');

const targetOf = (app: string) => fixture.proxy.routes().find((route) => route.app === app)?.targets[0];
const containersOf = async (app: string) => (await fixture.containers()).filter((container) => container.Labels['dockup.app'] === app).map((container) => container.Labels['dockup.deployment']);

/** Deploys `next` over `good` and kills the executor before its request number `last + 1`; then starts another, as after `kill -9`. */
async function survive(next: Partial<AppSpec>, last: number) {
  const good = makeSpec({ project, env: { VERSION: 'good' }, stop_timeout: 0, drain_timeout: 0 });
  const first = await fixture.deploy(good);
  expect(first.status).toBe('succeeded');
  await fixture.deployments.settled(good.app);

  const mortality = mortal(last);
  const id = makeId('deployment');
  const killed = await fixture.reopen({ wrap: mortality.wrap });
  killed.deployments.resume();
  void killed.deployments.accept(id, { ...good, ...next });
  // A life that is long enough goes through to the end; a shorter one stops somewhere before.
  await eventually(() => (mortality.isDead() || killed.host.journal.get(id)?.isDone ? true : undefined));
  await sleep(20);
  const servedBetween = await fetchText(`${targetOf(good.app)?.address}`);

  const revived = await fixture.reopen();
  revived.deployments.resume();
  await sweep(revived.host);
  // The control plane, which got no answer, sends the deployment again.
  await revived.deployments.accept(id, { ...good, ...next });
  await revived.deployments.settled(good.app);
  return { first: first.deployment, id, app: good.app, servedBetween, entry: revived.host.journal.get(id), wasKilled: mortality.isDead() };
}

describe('REL-07 killed at each of its requests', { timeout: 400_000 }, () => {
  it('a good deployment is finished, the old container serving until then', async () => {
    let points = 0;
    for (let isKilled = true; isKilled; points++) {
      const { id, app, servedBetween, entry, wasKilled } = await survive({ env: { VERSION: 'next' } }, points);
      expect(servedBetween, `between two lives, killed after ${points}`).toMatch(/^(good|next)\n$/);
      expect(entry, `killed after ${points}`).toMatchObject({ isDone: true, outcome: { status: 'succeeded' } });
      expect(targetOf(app)?.id).toBe(id);
      expect(await fetchText(`${targetOf(app)?.address}`)).toBe('next\n');
      expect(await containersOf(app), `containers after ${points}`).toEqual([id]);
      isKilled = wasKilled;
    }
    expect(points).toBeGreaterThan(15);
  });

  it('a bad deployment is rolled back, the old container serving throughout', async () => {
    let points = 0;
    for (let isKilled = true; isKilled; points++) {
      const { first, app, servedBetween, entry, wasKilled } = await survive({ env: { EXIT_CODE: '1' } }, points);
      expect(servedBetween, `killed after ${points}`).toBe('good\n');
      expect(entry, `killed after ${points}`).toMatchObject({ isDone: true, outcome: { status: 'failed', failure: { code: 'container_exited' } } });
      expect(targetOf(app)?.id).toBe(first);
      expect(await containersOf(app), `containers after ${points}`).toEqual([first]);
      isKilled = wasKilled;
    }
    expect(points).toBeGreaterThan(10);
  });
});

describe('REL-07 what was asked for before a crash', () => {
  it('a cancellation is carried out after it', async () => {
    const spec = makeSpec({ env: { NEVER_LISTEN: '1' } });
    const id = makeId('deployment');
    const mortality = mortal(Infinity);
    const killed = await fixture.reopen({ wrap: mortality.wrap });
    killed.deployments.resume();
    await killed.deployments.accept(id, spec);
    await eventually(async () => ((await containersOf(spec.app)).length === 1 ? true : undefined));
    // Only the wish reaches the disk.
    await killed.host.journal.change(id, { cancel: 'deployment_cancelled' });
    const revived = await fixture.reopen();
    revived.deployments.resume();
    await revived.deployments.settled(spec.app);
    expect(revived.host.journal.get(id)?.outcome).toMatchObject({ status: 'cancelled' });
    expect(await containersOf(spec.app)).toEqual([]);
    await killed.deployments.cancel(id, 'deployment_cancelled').catch(() => undefined);
  });

  it('a container that is already routed to, but now fails, gives the route back', async () => {
    const good = makeSpec({ env: { VERSION: 'good' } });
    const first = await fixture.deploy(good);
    const id = makeId('deployment');
    // Killed between the switch and its outcome; the container has become bad meanwhile.
    await fixture.host.journal.accept(id, { ...good, env: { EXIT_CODE: '1' } }, Date.now() + 1000);
    await fixture.proxy.switchTo({ app: good.app, hosts: good.hosts, targets: [{ id, address: '10.255.255.1', port: 80 }] });
    const revived = await fixture.reopen();
    revived.deployments.resume();
    await revived.deployments.settled(good.app);
    expect(targetOf(good.app)?.id).toBe(first.deployment);
    expect(await fetchText(`${targetOf(good.app)?.address}`)).toBe('good\n');
  });

  it('containers and networks that no deployment accounts for are removed, current ones are not', async () => {
    const [kept, orphaned] = [makeSpec(), makeSpec()];
    const current = await fixture.deploy(kept);
    await fixture.deploy(orphaned);
    await fixture.proxy.remove(orphaned.app);
    await fixture.host.journal.change((await containersOf(orphaned.app))[0] ?? '', { isAcknowledged: true });
    await fixture.host.journal.forget(orphaned.app);
    await sweep(fixture.host);
    expect(await containersOf(orphaned.app)).toEqual([]);
    expect((await fixture.networks()).some((network) => network.Labels?.['dockup.project'] === orphaned.project)).toBe(false);
    expect(await containersOf(kept.app)).toEqual([current.deployment]);
  });
});
