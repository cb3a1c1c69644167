/** REL-11: the engine itself is restarted, or crashes, under apps, deployments, streams and commands. It is one of this test's own. */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keepWatch } from '../../executor/observe/keep-watch.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import type { AppStatus } from '../../shared/status.ts';
import { ensureImages, images } from '../support/images.ts';
import { startEngine, type OwnEngine } from '../support/own-engine.ts';
import { eventually, fetchText, openHostFixture, type HostFixture } from './host-fixture.ts';
import { follow, readLog, shell, texts } from './log-apps.ts';
import { makeId, makeSpec } from './spec.ts';
import { openStream } from './stream-client.ts';

let engine: OwnEngine;
let fixture: HostFixture;
let watching: Promise<void> | undefined;
const stop = new AbortController();
const { signal } = stop;
/** As the API has it where nothing else is asked for. */
const lasting: Partial<AppSpec> = { restart_policy: { name: 'unless-stopped', maximum_retries: 0 }, stop_timeout: 1, drain_timeout: 0 };

beforeAll(async () => {
  await ensureImages();
  engine = await startEngine();
  await engine.copyImage(images.busybox);
  fixture = await openHostFixture({ docker: engine.docker, socketPath: engine.socketPath });
  watching = keepWatch({ ...fixture, reportInterval: () => 30, signal });
});
afterAll(async () => {
  stop.abort();
  await watching;
  await engine?.close();
  await rm(fixture.dir, { recursive: true });
});

afterEach(async () => {
  // One that a failed test has left down.
  await engine.start();
  // Each restart would have to bring back all that there is.
  const apps = new Set((await fixture.containers()).flatMap(({ Labels }) => Labels['dockup.app'] ?? []));
  await Promise.all([...apps].map((app) => fixture.handlers.remove_app({ app, volumes: [] }, signal)));
});

const ways: [string, () => Promise<void>][] = [
  ['is restarted', () => engine.stop()],
  ['crashes', () => engine.crash()],
];

async function deployed(change: Partial<AppSpec>): Promise<AppSpec> {
  const spec = makeSpec({ ...lasting, ...change });
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
  await fixture.deployments.settled(spec.app);
  return spec;
}

/** What the app answers at its route. */
const serves = (spec: AppSpec) => fetchText(fixture.proxy.routes().find(({ app }) => app === spec.app)?.targets[0]?.address ?? '').catch(() => 'no answer');

/** Every status of the app that was told from the event with that number on, in reports or by itself. */
function statusesSince(from: number, { app: id }: AppSpec): AppStatus[] {
  return fixture.events.slice(from).flatMap((event) => {
    if (event.kind === 'status' && event.app === id) return [event.status];
    return event.kind === 'report' ? event.apps.flatMap(({ app, status }) => (app === id ? [status] : [])) : [];
  });
}

const isTold = (from: number, engineState: 'reachable' | 'unreachable') => eventually(() => fixture.events.slice(from).find((event) => event.kind === 'report' && event.engine === engineState));

describe.each(ways)('REL-11 an engine that %s', (_way, end) => {
  it('brings every app back as it was, told within 10 s and never as stopped', async () => {
    const [running, checked, stopped, fragile] = await Promise.all([
      deployed({ env: { VERSION: 'runs' } }),
      deployed({ env: { VERSION: 'checked' }, health_check: { kind: 'http', path: '/', interval: 1, timeout: 1, grace: 10 } }),
      deployed({ env: { VERSION: 'stopped' } }),
      // Its exit code alone would make the engine start it again.
      deployed({ command: ['/bin/sh', '-c', 'trap "exit 7" TERM; while true; do sleep 0.05; done'], internal_port: null, health_check: { kind: 'started', interval: 10, timeout: 5, grace: 5 }, restart_policy: { name: 'on-failure', maximum_retries: 0 } }),
    ]);
    for (const { app } of [stopped, fragile]) await fixture.handlers.act({ app, action: 'stop' }, signal);
    await fixture.observer.look();
    const before = fixture.events.length;
    await end();
    await isTold(before, 'unreachable');
    const away = fixture.events.length;
    await engine.start();
    const begun = Date.now();
    await isTold(away, 'reachable');
    await eventually(async () => ((await serves(running)) === 'runs\n' && (await serves(checked)) === 'checked\n' && (await fixture.observer.status(checked.app)) === 'running') || undefined);
    expect(Date.now() - begun).toBeLessThan(10_000);
    await fixture.observer.look();
    expect(new Set(statusesSince(before, running))).toEqual(new Set(['running']));
    // For as long as it did not answer, its check has failed.
    expect(statusesSince(before, checked).filter((status) => !['running', 'starting', 'unhealthy'].includes(status))).toEqual([]);
    for (const spec of [stopped, fragile]) expect(new Set(statusesSince(before, spec))).toEqual(new Set(['stopped']));
    expect(fixture.host.journal.current(running.app)).toMatchObject({ isStopped: false });
  });

  it('lets an app that was started again come back the next time', async () => {
    const spec = await deployed({ env: { VERSION: 'again' } });
    for (const action of ['stop', 'start'] as const) await fixture.handlers.act({ app: spec.app, action }, signal);
    await end();
    await engine.start();
    await expect.poll(() => serves(spec), { timeout: 30_000 }).toBe('again\n');
  });

  it('ends the stream of a log with engine_unreachable, and its cursor goes on without gap or duplicate', async () => {
    const spec = shell('i=0; while true; do i=$((i+1)); echo "line $i"; sleep 0.05; done', lasting);
    await fixture.deploy(spec);
    const reader = follow(fixture, spec.app);
    await eventually(() => reader.entries().length > 20 || undefined);
    await end();
    expect(await reader.end).toMatchObject({ code: 'engine_unreachable' });
    await engine.start();
    const before = reader.entries();
    const rest = follow(fixture, spec.app, { filter: { after: before.at(-1)?.cursor ?? null } });
    // Of both lives: an engine that crashed tells first what the old one has written while nobody listened.
    await eventually(() => texts(rest.entries()).includes('line 1') || undefined);
    rest.leave();
    await rest.end;
    const all = await readLog(fixture, spec.app);
    const told = [...before, ...rest.entries()].map(({ time, text }) => `${time} ${text}`);
    expect(told).toEqual(all.slice(0, told.length).map(({ time, text }) => `${time} ${text}`));
  });

  it('ends terminals, commands and statistics with engine_unreachable, and new ones work when it is back', async () => {
    const { app } = await deployed({ env: { VERSION: 'busy' } });
    const link = { handlers: fixture.streamHandlers, log: fixture.host.log };
    const terminal = openStream('exec', { app, cmd: ['/bin/sh'], cols: 80, rows: 24, idle_timeout: 60 }, link);
    terminal.send('echo ready\n');
    await terminal.sees('ready\r\n');
    const stats = openStream('stats', { app }, link);
    await eventually(() => stats.output().length > 0 || undefined);
    const command = fixture.handlers.exec({ app, cmd: ['sleep', '60'], stdin: null, timeout: 60 }, signal).catch((error: unknown) => error);
    await sleep(300);
    await end();
    expect(await terminal.ended).toMatchObject({ code: 'engine_unreachable' });
    expect(await command).toMatchObject({ code: 'engine_unreachable' });
    expect(await stats.ended).toMatchObject({ code: 'engine_unreachable' });
    await engine.start();
    await eventually(async () => ((await fixture.observer.status(app).catch(() => null)) === 'running' ? true : undefined));
    expect(await fixture.handlers.exec({ app, cmd: ['echo', 'back'], stdin: null, timeout: 10 }, signal)).toMatchObject({ exit_code: 0, stdout: 'back\n' });
  });

  it.each<[string, Partial<AppSpec>]>([
    ['', {}],
    [' of an app with a volume, never beside its old container', { volumes: [{ name: 'data', mount_path: '/data' }], strategy: 'stop-first' }],
  ])('REL-07 in the middle of a deployment%s is waited for, and the deployment goes through within 60 s', async (_which, change) => {
    const spec = await deployed({ ...change, env: { VERSION: 'old' } });
    const id = makeId('deployment');
    const together = mostTogether(spec);
    await fixture.deployments.accept(id, { ...spec, env: { VERSION: 'new', START_DELAY: '2' } });
    await eventually(() => fixture.events.find((event) => event.kind === 'deployment' && event.deployment === id && event.phase === 'health'));
    await end();
    await sleep(500);
    await engine.start();
    const begun = Date.now();
    expect(await fixture.outcome(id)).toMatchObject({ status: 'succeeded' });
    expect(Date.now() - begun).toBeLessThan(60_000);
    await fixture.deployments.settled(spec.app);
    // One that was healthy before the engine ended its container listens again two seconds after that was started.
    await expect.poll(() => serves(spec), { timeout: 10_000 }).toBe('new\n');
    expect((await fixture.containers()).filter(({ Labels }) => Labels['dockup.app'] === spec.app).map(({ Labels }) => Labels['dockup.deployment'])).toEqual([id]);
    expect(await together.end()).toBe(spec.strategy === 'stop-first' ? 1 : 2);
  });
});

/** How many containers of the app have run at once, looked at again and again. */
function mostTogether({ app }: AppSpec): { end(): Promise<number> } {
  let most = 0;
  let isOver = false;
  const looking = (async () => {
    for (; !isOver; await sleep(50)) {
      // An engine that is away has nothing to tell.
      const containers = await fixture.containers().catch(() => []);
      most = Math.max(most, containers.filter(({ Labels, State }) => Labels['dockup.app'] === app && State === 'running').length);
    }
  })();
  return {
    async end() {
      isOver = true;
      await looking;
      return most;
    },
  };
}
