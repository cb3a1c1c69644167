/** Removing an app while deployments of it arrive, or wait for a restarted executor. */
import { describe, expect, it } from 'vitest';
import { useHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
const { signal } = new AbortController();
useHostFixture((opened) => (fixture = opened));

const containersOf = async (app: string) => (await fixture.containers()).filter((container) => container.Labels['dockup.app'] === app);
const deleted = { status: 'cancelled', failure: { code: 'app_deleted' } };

describe('an app that is being removed', () => {
  it('takes no deployment that arrives meanwhile, and can be deployed again afterwards', async () => {
    const spec = makeSpec();
    await fixture.deploy(spec);
    await fixture.deployments.settled(spec.app);
    const [running, queued, late] = [makeId('deployment'), makeId('deployment'), makeId('deployment')];
    await fixture.deployments.accept(running, { ...spec, env: { NEVER_LISTEN: '1' }, health_check: { ...spec.health_check, grace: 60 } });
    await fixture.deployments.accept(queued, spec);
    const { remove } = fixture.proxy;
    fixture.proxy.remove = async (app) => {
      await fixture.deployments.accept(late, spec);
      await remove(app);
    };
    try {
      await fixture.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    } finally {
      fixture.proxy.remove = remove;
    }
    for (const id of [running, queued, late]) expect(await fixture.outcome(id)).toMatchObject(deleted);
    expect(await containersOf(spec.app)).toEqual([]);
    expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
  });

  it.each([
    ['before an earlier deployment is resumed', false],
    ['while an earlier deployment is being resumed', true],
  ])('REL-07 %s is not deployed by it', async (_name, isResumedMeanwhile) => {
    const spec = makeSpec();
    const id = makeId('deployment');
    await fixture.host.journal.accept(id, spec, Date.now());
    const revived = await fixture.reopen();
    const removing = revived.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    if (isResumedMeanwhile) revived.deployments.resume();
    await removing;
    revived.deployments.resume();
    expect(await fixture.outcome(id)).toMatchObject(deleted);
    await revived.deployments.settled(spec.app);
    expect(await containersOf(spec.app)).toEqual([]);
  });

  it('is forgotten also when what it replaced is not removed yet', async () => {
    const spec = makeSpec();
    const id = makeId('deployment');
    await fixture.host.journal.accept(id, spec, Date.now());
    await fixture.host.journal.conclude({ kind: 'deployment', deployment: id, app: spec.app, status: 'succeeded', phase: 'done', at: 1, image_id: null, failure: null }, false);
    const revived = await fixture.reopen();
    await revived.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    revived.deployments.resume();
    await revived.deployments.settled(spec.app);
    expect(revived.host.journal.current(spec.app)).toBeUndefined();
    expect(await containersOf(spec.app)).toEqual([]);
  });
});

describe('cancelling a deployment that is not resumed yet', () => {
  it('REL-07 holds when it is resumed', async () => {
    const spec = makeSpec();
    const id = makeId('deployment');
    await fixture.host.journal.accept(id, spec, Date.now());
    const revived = await fixture.reopen();
    expect(await revived.deployments.cancel(id, 'deployment_cancelled')).toBe(true);
    revived.deployments.resume();
    expect(await fixture.outcome(id)).toMatchObject({ status: 'cancelled', failure: { code: 'deployment_cancelled' } });
    expect(await containersOf(spec.app)).toEqual([]);
  });
});
