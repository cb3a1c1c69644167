/** Acting on apps, their logs and their status, on the real engine. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settleStops } from '../../executor/deploy/settle-stops.ts';
import { everyLine } from '../../executor/logs/filter.ts';
import { watchEngine } from '../../executor/observe/watch.ts';
import type { AppAction } from '../../shared/status.ts';
import type { StatusEvent } from '../../shared/protocol/events.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { alteredDocker } from '../support/altered-docker.ts';
import { createEngineGate } from '../support/engine-gate.ts';
import { ensureImages } from '../support/images.ts';
import { docker, eventually, fetchText, openHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
const { signal } = new AbortController();
const stop = new AbortController();
beforeAll(async () => {
  await ensureImages();
  fixture = await openHostFixture();
  void watch(fixture);
});
afterAll(async () => {
  stop.abort();
  await fixture.close();
});

function watch({ host, observer }: Pick<HostFixture, 'host' | 'observer'>) {
  return watchEngine({ engine: host.engine, clock: host.clock, signal: stop.signal, onHint: (hint) => observer.hint(hint), onUp: () => observer.report(), onDown: () => void observer.report() });
}

const act = (app: string, action: AppAction) => fixture.handlers.act({ app, action }, signal).then((result) => result.status);
const statusesOf = (app: string) => fixture.events.filter((event): event is StatusEvent => event.kind === 'status' && event.app === app);
const containerOf = async (app: string) => docker.getContainer((await fixture.containers()).find((container) => container.Labels['dockup.app'] === app)?.Id ?? '');

async function deployed(change: Parameters<typeof makeSpec>[0] = {}, on = fixture) {
  const spec = makeSpec({ stop_timeout: 2, ...change });
  expect(await on.deploy(spec)).toMatchObject({ status: 'succeeded' });
  await on.deployments.settled(spec.app);
  return spec;
}

describe('an app', () => {
  it('is stopped, started, paused, unpaused and restarted, keeping its address', async () => {
    const { app } = await deployed();
    const address = fixture.proxy.routes().find((route) => route.app === app)?.targets[0]?.address ?? '';
    expect(await act(app, 'stop')).toBe('stopped');
    expect(await act(app, 'stop')).toBe('stopped');
    expect(await act(app, 'start')).toBe('running');
    expect(await act(app, 'pause')).toBe('paused');
    expect(await act(app, 'pause')).toBe('paused');
    expect(await act(app, 'unpause')).toBe('running');
    expect(await act(app, 'restart')).toBe('running');
    expect(await act(app, 'pause')).toBe('paused');
    expect(await act(app, 'stop')).toBe('stopped');
    expect(await act(app, 'start')).toBe('running');
    expect(await eventually(() => fetchText(address).catch(() => undefined))).toBe('1\n');
  });

  it('is answered with what has become of it also where the list of the engine is behind', async () => {
    const behind = await openHostFixture({ wrap: (host) => ({ ...host, engine: { ...host.engine, quick: slowToList(host.engine.quick) } }) });
    try {
      const { app } = await deployed({}, behind);
      const answers: string[] = [];
      for (const action of ['stop', 'start', 'pause', 'unpause', 'restart', 'stop'] as const) answers.push((await behind.handlers.act({ app, action }, signal)).status);
      expect(answers).toEqual(['stopped', 'running', 'paused', 'running', 'running', 'stopped']);
    } finally {
      await behind.close();
    }
  });

  it('REL-10 stays stopped when the engine tells late of the start before', async () => {
    const [stopping, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const late = await openHostFixture({ wrap: (host) => ({ ...host, engine: { ...host.engine, docker: slowToStop(host.engine.docker, stopping.resolve, goOn.promise) } }) });
    try {
      const { app } = await deployed({ restart_policy: { name: 'always', maximum_retries: 0 } }, late);
      const [container] = await late.containers();
      const answer = late.handlers.act({ app, action: 'stop' }, signal);
      await stopping.promise;
      late.observer.hint({ action: 'start', app, deployment: container?.Labels['dockup.deployment'] ?? '', container: container?.Id ?? '' });
      // What comes of the hint has had its time when the next look is over.
      await late.observer.look();
      await sleep(200);
      goOn.resolve();
      expect(await answer).toEqual({ status: 'stopped' });
      await late.observer.look();
      expect(late.host.journal.current(app)).toMatchObject({ isStopped: true });
      expect((await docker.getContainer(container?.Id ?? '').inspect()).HostConfig.RestartPolicy).toMatchObject({ Name: 'no' });
    } finally {
      goOn.resolve();
      await late.close();
    }
  });

  it('keeps its address while it is stopped and another app of the project arrives', async () => {
    const stopped = await deployed();
    await act(stopped.app, 'stop');
    const other = await deployed({ project: stopped.project });
    expect(await act(stopped.app, 'start')).toBe('running');
    const addresses = [stopped.app, other.app].map((app) => fixture.proxy.routes().find((route) => route.app === app)?.targets[0]?.address);
    expect(new Set(addresses).size).toBe(2);
  });

  it('refuses what its state does not allow', async () => {
    const { app } = await deployed();
    await act(app, 'stop');
    await expect(act(app, 'pause')).rejects.toMatchObject({ code: 'invalid_state' });
    await expect(act(app, 'unpause')).rejects.toMatchObject({ code: 'invalid_state' });
    await expect(act(makeId('app'), 'start')).rejects.toMatchObject({ code: 'app_not_deployed' });
  });

  it('is removed with its route, containers and network, also twice and while it is being deployed', async () => {
    const spec = await deployed();
    const id = makeId('deployment');
    await fixture.deployments.accept(id, { ...spec, env: { NEVER_LISTEN: '1' }, health_check: { ...spec.health_check, grace: 60 } });
    await fixture.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    await fixture.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    expect(await fixture.outcome(id)).toMatchObject({ status: 'cancelled', failure: { code: 'app_deleted' } });
    expect((await fixture.containers()).some((container) => container.Labels['dockup.app'] === spec.app)).toBe(false);
    expect((await fixture.networks()).some((network) => network.Labels?.['dockup.project'] === spec.project)).toBe(false);
    expect(fixture.proxy.routes().some((route) => route.app === spec.app)).toBe(false);
  });

  it('leaves the network to the other apps of its project', async () => {
    const first = await deployed();
    const second = await deployed({ project: first.project });
    await fixture.handlers.remove_app({ app: first.app, volumes: [] }, signal);
    expect(await fixture.observer.status(second.app)).toBe('running');
    expect((await fixture.networks()).filter((network) => network.Labels?.['dockup.project'] === first.project)).toHaveLength(1);
  });
});

describe('REL-10 a stop that was cut short', () => {
  const policy = async (app: string) => (await (await containerOf(app)).inspect()).HostConfig.RestartPolicy?.Name;
  const markStopped = async (app: string) => fixture.host.journal.change(fixture.host.journal.current(app)?.deployment ?? '', { isStopped: true });

  it('before its container ended leaves an app that comes back with the engine', async () => {
    const { app } = await deployed({ restart_policy: { name: 'always', maximum_retries: 0 } });
    await markStopped(app);
    await (await containerOf(app)).update({ RestartPolicy: { Name: 'no', MaximumRetryCount: 0 } });
    await settleStops(fixture.host);
    expect(await policy(app)).toBe('always');
    expect(fixture.host.journal.current(app)).toMatchObject({ isStopped: false });
  });

  it('after its container ended leaves an app that stays down', async () => {
    const { app } = await deployed({ restart_policy: { name: 'always', maximum_retries: 0 } });
    await act(app, 'stop');
    await (await containerOf(app)).update({ RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } });
    await settleStops(fixture.host);
    expect(await policy(app)).toBe('no');
    expect(fixture.host.journal.current(app)).toMatchObject({ isStopped: true });
    expect(await act(app, 'start')).toBe('running');
    expect(await policy(app)).toBe('always');
  });
});

describe('the logs of an app', () => {
  const shell = (script: string) => ({ command: ['/bin/sh', '-c', script], internal_port: null, health_check: { kind: 'started' as const, interval: 10, timeout: 5, grace: 5 } });

  it('are its last lines, oldest first, with time and stream', async () => {
    const { app } = await deployed(shell('echo one; echo two >&2; echo three; sleep 3600'));
    const { lines } = await fixture.handlers.logs({ app, tail: 100, filter: everyLine }, signal);
    expect(lines.map((line) => line.text).sort()).toEqual(['one', 'three', 'two']);
    expect(lines.find((line) => line.text === 'two')?.stream).toBe('stderr');
    expect(lines.every((line) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(line.time))).toBe(true);
    expect(lines.map((line) => line.text).indexOf('one')).toBeLessThan(lines.map((line) => line.text).indexOf('three'));
  });

  it('REL-17 fit a message, however long the lines are', async () => {
    const { app } = await deployed(shell('x=$(printf "%020000d" 0); i=0; while [ $i -lt 1200 ]; do i=$((i+1)); echo $i$x; done; echo end; sleep 3600'));
    await eventually(async () => (await fixture.handlers.logs({ app, tail: 1, filter: everyLine }, signal)).lines.find((line) => line.text === 'end'));
    const { lines } = await fixture.handlers.logs({ app, tail: 5000, filter: everyLine }, signal);
    expect(JSON.stringify(lines).length).toBeLessThan(limits.messageLength);
    const [long, end] = lines.slice(-2).map((line) => ({ length: line.text.length, last: line.text.at(-1) }));
    expect([long, end]).toEqual([{ length: limits.logLineLength, last: '…' }, { length: 3, last: 'd' }]);
  });

  it('REL-18 can still be read when it has crashed', async () => {
    const { app } = await deployed(shell('echo last words; sleep 2; exit 9'));
    await eventually(() => statusesOf(app).find((event) => event.status === 'crashed'));
    expect((await fixture.handlers.logs({ app, tail: 10, filter: everyLine }, signal)).lines.map((line) => line.text)).toEqual(['last words']);
  });
});

describe('the status of an app', () => {
  it('is told within two seconds of what the engine sees, with the reason', async () => {
    const { app } = await deployed();
    const begun = Date.now();
    await (await containerOf(app)).kill();
    expect(await eventually(() => statusesOf(app).find((event) => event.status === 'crashed'))).toMatchObject({ reason: 'exit code 137' });
    expect(Date.now() - begun).toBeLessThan(2_000);
  });

  it('is stopped when somebody stops it by hand, whatever the exit code', async () => {
    const { app } = await deployed();
    await (await containerOf(app)).stop();
    expect(await eventually(() => statusesOf(app).find((event) => event.status === 'stopped'))).toMatchObject({ reason: null });
    await (await containerOf(app)).start();
    expect(await eventually(() => (statusesOf(app).at(-1)?.status === 'running' ? 'running' : undefined))).toBe('running');
  });

  it('turns unhealthy when its check fails, and running again when it answers', async () => {
    const { app } = await deployed({ health_check: { kind: 'http', path: '/cgi-bin/healthz', interval: 1, timeout: 1, grace: 10 } });
    await fixture.observer.look();
    const inside = async (script: string) => (await (await containerOf(app)).exec({ Cmd: ['/bin/sh', '-c', script] })).start({});
    await inside('chmod -x /www/cgi-bin/healthz');
    expect(await eventually(() => statusesOf(app).find((event) => event.status === 'unhealthy'))).toMatchObject({ reason: expect.stringContaining('health check failed:') });
    await inside('chmod +x /www/cgi-bin/healthz');
    await eventually(() => (statusesOf(app).at(-1)?.status === 'running' ? true : undefined));
  });

  it('REL-21 is stamped with a time that only grows', async () => {
    const stamps = fixture.events.filter((event) => event.kind === 'status').map((event) => event.at);
    expect(stamps.length).toBeGreaterThan(5);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  });

  it('REL-21 is absent from a report at once when its container is removed behind our back', async () => {
    const { app } = await deployed();
    await eventually(() => (statusesOf(app).at(-1)?.status === 'running' ? true : undefined));
    const before = fixture.events.length;
    await (await containerOf(app)).remove({ force: true });
    const report = await eventually(() => fixture.events.slice(before).find((event) => event.kind === 'report'));
    expect(report.apps.some((reported) => reported.app === app)).toBe(false);
  });

  it('comes with what the app uses', async () => {
    const { app } = await deployed({ command: ['/bin/sh', '-c', 'while :; do :; done'], internal_port: null, cpu_limit: 0.2, health_check: { kind: 'started', interval: 10, timeout: 5, grace: 5 } });
    await fixture.observer.look();
    await fixture.observer.measure();
    await fixture.observer.report();
    const report = fixture.events.findLast((event) => event.kind === 'report');
    const usage = report?.apps.find((reported) => reported.app === app);
    expect(usage?.cpu).toBeGreaterThan(5);
    expect(usage?.cpu).toBeLessThan(50);
    expect(usage?.memory).toBeGreaterThan(0);
    await act(app, 'stop');
  });
});

describe('REL-11 an engine that goes away', () => {
  it('is reported, without calling a single app stopped, and watched again when it is back', async () => {
    const gate = await createEngineGate(`/tmp/dockup-gate-${process.pid}.sock`);
    const gated = await openHostFixture({ socketPath: gate.path });
    try {
      void watch(gated);
      const spec = makeSpec();
      await gated.deploy(spec);
      await gated.observer.look();
      gate.shut();
      const away = await eventually(() => gated.events.find((event) => event.kind === 'report' && event.engine === 'unreachable'));
      expect(away).toMatchObject({ apps: [{ app: spec.app, status: 'running' }] });
      await gate.open();
      await eventually(() => (gated.events.findLast((event) => event.kind === 'report')?.engine === 'reachable' ? true : undefined));
      expect(gated.events.filter((event) => event.kind === 'status').map((event) => event.status)).not.toContain('stopped');
    } finally {
      await gated.close();
      gate.shut();
    }
  });

  it('is waited for by a deployment that it left in the middle', async () => {
    const gate = await createEngineGate(`/tmp/dockup-gate2-${process.pid}.sock`);
    const gated = await openHostFixture({ socketPath: gate.path });
    try {
      const id = makeId('deployment');
      await gated.deployments.accept(id, makeSpec({ env: { START_DELAY: '1' } }));
      await eventually(() => gated.events.find((event) => event.kind === 'deployment' && event.phase === 'health'));
      gate.shut();
      await new Promise((resolve) => setTimeout(resolve, 700));
      await gate.open();
      expect(await gated.outcome(id)).toMatchObject({ status: 'succeeded' });
    } finally {
      await gated.close();
      gate.shut();
    }
  });
});

/** It has begun to stop a container, and stops it when it may go on. */
function slowToStop(docker: Dockerode, begin: () => void, mayGoOn: Promise<void>): Dockerode {
  return alteredDocker(docker, {
    getContainer: (id) => {
      const container = docker.getContainer(id);
      const stopNow = container.stop.bind(container) as (options?: object) => Promise<unknown>;
      container.stop = async (options?: object) => {
        begin();
        await mayGoOn;
        return stopNow(options);
      };
      return container;
    },
  });
}

/** Lists a container as it was until it has been asked about it by itself; the engine does so for some milliseconds after it has answered to a stop. */
function slowToList(docker: Dockerode): Dockerode {
  const listed = new Map<string, string>();
  return alteredDocker(docker, {
    getContainer: (id) => {
      const container = docker.getContainer(id);
      const inspect = container.inspect.bind(container);
      container.inspect = async () => {
        const info = await inspect();
        listed.delete(id);
        return info;
      };
      return container;
    },
    listContainers: async (options) => {
      const containers = await docker.listContainers(options);
      return containers.map((container) => {
        const State = listed.get(container.Id) ?? container.State;
        listed.set(container.Id, State);
        return { ...container, State };
      });
    },
  });
}
