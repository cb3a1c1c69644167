/** Several executors and the user's own containers share one engine in peace: nothing without our server's label is touched. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweep } from '../../executor/deploy/sweep.ts';
import { everyLine } from '../../executor/logs/filter.ts';
import { run } from '../../scripts/setup/run.ts';
import { ensureImages, images } from '../support/images.ts';
import { docker, openHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let ours: HostFixture;
let theirs: HostFixture;
const foreign: string[] = [];

beforeAll(async () => {
  await ensureImages();
  [ours, theirs] = await Promise.all([openHostFixture(), openHostFixture()]);
});
afterAll(async () => {
  for (const id of foreign) await docker.getContainer(id).remove({ force: true });
  await Promise.all([ours.close(), theirs.close()]);
});

async function runForeign(labels: Record<string, string>): Promise<string> {
  const container = await docker.createContainer({ Image: images.busybox, Labels: labels });
  foreign.push(container.id);
  await container.start();
  return container.id;
}

const isRunning = async (id: string) => (await docker.getContainer(id).inspect()).State.Running;

describe('a container that is not ours', () => {
  it('survives a deployment, an action, a removal and a sweep of an app whose id it carries', async () => {
    const spec = makeSpec();
    const like = { 'dockup.managed': 'true', 'dockup.role': 'app', 'dockup.app': spec.app, 'dockup.project': spec.project, 'dockup.deployment': makeId('deployment') };
    const strangers = await Promise.all([
      runForeign({}),
      runForeign(like),
      runForeign({ ...like, 'dockup.server': theirs.serverId }),
      runForeign({ ...like, 'dockup.server': `${ours.serverId}x` }),
      runForeign({ ...like, 'dockup.managed': 'false', 'dockup.server': ours.serverId }),
    ]);
    await ours.deploy(spec);
    await ours.deploy(spec);
    await ours.deployments.settled(spec.app);
    const signal = new AbortController().signal;
    await ours.handlers.act({ app: spec.app, action: 'stop' }, signal);
    await ours.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    await sweep(ours.host, ours.deployments);
    expect(await Promise.all(strangers.map(isRunning))).toEqual([true, true, true, true, true]);
  });

  it('of another executor is neither reported, acted on nor read', async () => {
    const spec = makeSpec();
    await theirs.deploy(spec);
    await ours.observer.report();
    const report = ours.events.findLast((event) => event.kind === 'report');
    expect(report).toMatchObject({ apps: expect.not.arrayContaining([expect.objectContaining({ app: spec.app })]) });
    const signal = new AbortController().signal;
    await expect(ours.handlers.act({ app: spec.app, action: 'stop' }, signal)).rejects.toMatchObject({ code: 'app_not_deployed' });
    await expect(ours.handlers.logs({ app: spec.app, tail: 10, filter: everyLine }, signal)).rejects.toMatchObject({ code: 'app_not_deployed' });
    await ours.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    expect(await theirs.observer.status(spec.app)).toBe('running');
  });

  it('gets a network of its own, also where two executors cut them from one pool', async () => {
    const pool = '10.251.0.0/24';
    const [one, other] = await Promise.all([
      openHostFixture({ wrap: (host) => ({ ...host, networkPool: pool }) }),
      openHostFixture({ wrap: (host) => ({ ...host, networkPool: pool }) }),
    ]);
    try {
      const outcomes = await Promise.all([one.deploy(makeSpec()), other.deploy(makeSpec())]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['succeeded', 'succeeded']);
      // The pool holds two of them.
      expect(await one.deploy(makeSpec())).toMatchObject({ status: 'failed', failure: { code: 'container_start_failed', message: expect.stringContaining('DOCKUP_NETWORK_POOL') } });
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  });
});

it('a subnet that the machine has a route to is left to it', async () => {
  const device = `dockup-t${randomInt(0, 1_000_000)}`;
  const fixture = await openHostFixture({ pool: '10.253.0.0/16' });
  await run('ip', ['link', 'add', device, 'type', 'bridge']);
  await run('ip', ['address', 'add', '10.253.0.1/24', 'dev', device]);
  await run('ip', ['link', 'set', device, 'up']);
  try {
    const spec = makeSpec();
    expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
    // Which one of the others is a matter of what else the machine has a route to.
    expect((await fixture.networks()).map(({ IPAM }) => IPAM?.Config?.[0]?.Subnet)).toEqual([expect.stringMatching(/^10\.253\.[1-9]\d*\./)]);
  } finally {
    await run('ip', ['link', 'delete', device]);
    await fixture.close();
  }
});
