/** Who may change the route of an app, and what becomes of it when somebody is late, refused, or gone. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setServing } from '../../executor/deploy/switch.ts';
import type { AppContainer } from '../../executor/docker/containers.ts';
import { createEngineGate } from '../support/engine-gate.ts';
import { docker, eventually, openHostFixture, useHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
const { signal } = new AbortController();
useHostFixture((opened) => (fixture = opened));

const targetsOf = (app: string) => fixture.proxy.routes().find((route) => route.app === app)?.targets ?? [];

async function deployed(change: Parameters<typeof makeSpec>[0] = {}) {
  const spec = makeSpec(change);
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
  await fixture.deployments.settled(spec.app);
  const container = await fixture.observer.current(spec.app);
  if (container === null) throw new Error('the app has no container');
  return { spec, app: spec.app, container };
}

describe('a container that a deployment has replaced', () => {
  let replaced: AppContainer;
  let next: string;
  beforeAll(async () => {
    const { spec, container } = await deployed();
    replaced = container;
    next = (await fixture.deploy(spec)).deployment;
  });

  it.each([['takes the route back', true], ['empties the route', false]])('never %s', async (_what, serves) => {
    await setServing(fixture.host, replaced, serves);
    expect(targetsOf(replaced.app).map((target) => target.id)).toEqual([next]);
  });

  it('loses also when the switch is still on its way', async () => {
    const { spec, app, container } = await deployed();
    const { switchTo } = fixture.proxy;
    const acted = Promise.withResolvers<void>();
    fixture.proxy.switchTo = async (route) => {
      fixture.proxy.switchTo = switchTo;
      // An action on the app looks at the route while the switch has begun and nothing has changed yet.
      void setServing(fixture.host, container, true).then(acted.resolve);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await switchTo(route);
    };
    const { deployment } = await fixture.deploy(spec);
    await acted.promise;
    expect(targetsOf(app).map((target) => target.id)).toEqual([deployment]);
  });
});

describe('an app that could not be paused or stopped', () => {
  it('keeps its route when its state does not allow it', async () => {
    const { app, container } = await deployed();
    await docker.getContainer(container.id).kill();
    await eventually(async () => ((await fixture.observer.current(app))?.state === 'exited' ? true : undefined));
    const before = fixture.proxy.calls.length;
    await expect(fixture.handlers.act({ app, action: 'pause' }, signal)).rejects.toMatchObject({ code: 'invalid_state' });
    expect(fixture.proxy.calls).toHaveLength(before);
    expect(targetsOf(app)).toHaveLength(1);
  });

  it('gets its route back when the engine refuses', async () => {
    const { app } = await deployed();
    const { modem } = fixture.host.engine.docker;
    const dial = modem.dial.bind(modem);
    modem.dial = (options, callback) => (options.path.includes('/stop') ? callback?.(new Error('cannot stop container'), null) : dial(options, callback));
    try {
      await expect(fixture.handlers.act({ app, action: 'stop' }, signal)).rejects.toMatchObject({ code: 'engine_error' });
    } finally {
      modem.dial = dial;
    }
    expect(targetsOf(app)).toHaveLength(1);
  });
});

describe('an address that a route still names', () => {
  it('is given to no other app of the project when its container was pruned', async () => {
    const gone = await deployed();
    await deployed({ project: gone.spec.project });
    await docker.getContainer(gone.container.id).remove({ force: true });
    const { container } = await deployed({ project: gone.spec.project });
    expect(container.address).not.toBe(gone.container.address);
  });

  it('is in no network of another project when its own was pruned too', async () => {
    const gone = await deployed();
    await docker.getContainer(gone.container.id).remove({ force: true });
    for (const { Id, Labels } of await fixture.networks()) if (Labels?.['dockup.project'] === gone.spec.project) await docker.getNetwork(Id).remove();
    const { container } = await deployed();
    expect(container.address).not.toBe(gone.container.address);
  });
});

describe('REL-11 an engine that goes away right after the switch', () => {
  it('makes no failure of a deployment that serves', async () => {
    const gate = await createEngineGate(`/tmp/dockup-gate3-${process.pid}.sock`);
    const gated = await openHostFixture({ socketPath: gate.path });
    try {
      const { switchTo } = gated.proxy;
      gated.proxy.switchTo = async (route) => {
        await switchTo(route);
        gate.shut();
      };
      const id = makeId('deployment');
      await gated.deployments.accept(id, makeSpec());
      await eventually(() => gated.proxy.routes()[0]);
      await new Promise((resolve) => setTimeout(resolve, 700));
      await gate.open();
      expect(await gated.outcome(id)).toMatchObject({ status: 'succeeded', image_id: expect.stringMatching(/^sha256:/) });
    } finally {
      await gated.close();
      gate.shut();
    }
  });
});
