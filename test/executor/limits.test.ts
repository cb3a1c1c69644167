/** Limits changed in place on the real engine: the same container, not restarted. */
import { describe, expect, it } from 'vitest';
import { createEngineGate } from '../support/engine-gate.ts';
import { images } from '../support/images.ts';
import { docker, eventually, useHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
const { signal } = new AbortController();
useHostFixture((opened) => (fixture = opened));

const megabyte = 1024 * 1024;
const update = (app: string, limits: { cpu_limit?: number; memory_limit?: number }) => fixture.handlers.update_limits({ app, cpu_limit: null, memory_limit: null, ...limits }, signal);

async function inspect(app: string) {
  const container = (await fixture.containers()).find(({ Labels }) => Labels['dockup.app'] === app);
  const { Id, State, HostConfig } = await docker.getContainer(container?.Id ?? '').inspect();
  return { id: Id, startedAt: State.StartedAt, memory: HostConfig.Memory, swap: HostConfig.MemorySwap, cpus: HostConfig.NanoCpus };
}

async function deployed(change: Parameters<typeof makeSpec>[0] = {}) {
  const spec = makeSpec({ stop_timeout: 0, ...change });
  const outcome = await fixture.deploy(spec);
  expect(outcome.status).toBe('succeeded');
  await fixture.deployments.settled(spec.app);
  return { ...spec, deployment: outcome.deployment, before: await inspect(spec.app) };
}

/** Holds 60 MB, and waits. */
const hungry = {
  image: images.node,
  command: ['/bin/node', '-e', 'globalThis.held = Buffer.alloc(60 * 1024 * 1024, 1); setInterval(() => undefined, 1000)'],
  internal_port: null,
  health_check: { kind: 'started' as const, interval: 10, timeout: 5, grace: 5 },
};

describe('the limits of a running app', () => {
  it('are set, raised and lowered, the container and its start staying the same, and the journal follows', async () => {
    const { app, before, deployment } = await deployed();
    for (const [memory_limit, cpu_limit] of [[64, 0.5], [256, 1], [32, 0.25]] as const) {
      await update(app, { memory_limit, cpu_limit });
      expect(await inspect(app)).toEqual({ id: before.id, startedAt: before.startedAt, memory: memory_limit * megabyte, swap: memory_limit * megabyte, cpus: cpu_limit * 1e9 });
      expect(fixture.host.journal.get(deployment)?.spec).toMatchObject({ memory_limit, cpu_limit });
    }
    await update(app, { cpu_limit: 1.5 });
    expect(await inspect(app)).toMatchObject({ memory: 32 * megabyte, cpus: 1.5e9 });
  });

  it('are changed while it is paused, and while it is stopped', async () => {
    const { app, before } = await deployed({ memory_limit: 64 });
    await fixture.handlers.act({ app, action: 'pause' }, signal);
    await update(app, { memory_limit: 96 });
    await fixture.handlers.act({ app, action: 'stop' }, signal);
    await update(app, { memory_limit: 48 });
    await fixture.handlers.act({ app, action: 'start' }, signal);
    expect(await inspect(app)).toMatchObject({ id: before.id, memory: 48 * megabyte, swap: 48 * megabyte });
  });

  it('are refused below what it uses, with the figures, and stay', async () => {
    const { app, before } = await deployed({ ...hungry, memory_limit: 256 });
    await eventually(async () => ((await fixture.handlers.stats({ app }, signal)).memory > 55 ? true : undefined));
    await expect(update(app, { memory_limit: 16, cpu_limit: 0.5 })).rejects.toMatchObject({ code: 'limit_below_usage', message: expect.stringMatching(/16 MB.* uses \d+\.\d MB/) });
    expect(await inspect(app)).toEqual(before);
  });

  it.each<[string, { cpu_limit?: number; memory_limit?: number }]>([
    ['more processors than there are', { cpu_limit: 1000, memory_limit: 64 }],
    ['more memory than there is', { memory_limit: 9_999_999 }],
    ['less memory than the engine makes a container with', { memory_limit: 5 }],
  ])('are refused for %s, and stay', async (_name, limits) => {
    const { app, before } = await deployed({ memory_limit: 128 });
    await expect(update(app, limits)).rejects.toMatchObject({ code: 'limit_out_of_range', message: expect.stringMatching(/\d/) });
    expect(await inspect(app)).toEqual(before);
  });

  it('are refused when the engine does not tell what it uses, and stay', async () => {
    const { app, before } = await deployed({ ...hungry, memory_limit: 256 });
    const gate = await createEngineGate(`/tmp/dockup-limits-gate-${process.pid}.sock`);
    gate.hold(/^GET \/containers\/\w+\/stats/).cut();
    const { handlers } = await fixture.reopen({ socketPath: gate.path });
    await expect(handlers.update_limits({ app, cpu_limit: null, memory_limit: 16 }, signal)).rejects.toMatchObject({ code: 'engine_unreachable' });
    expect(await inspect(app)).toEqual(before);
    gate.shut();
  });

  it('are refused while a deployment is under way with the old ones', async () => {
    const { app, before, deployment: _first, before: _before, ...spec } = { ...(await deployed({ memory_limit: 128 })) };
    const id = makeId('deployment');
    await fixture.deployments.accept(id, { ...spec, app, env: { NEVER_LISTEN: '1' } });
    await expect(update(app, { memory_limit: 64 })).rejects.toMatchObject({ code: 'invalid_state' });
    await fixture.deployments.cancel(id, 'deployment_cancelled');
    await fixture.outcome(id);
    expect(await inspect(app)).toEqual(before);
  });

  it('need a container', async () => {
    await expect(update(makeId('app'), { memory_limit: 64 })).rejects.toMatchObject({ code: 'app_not_deployed' });
  });
});
