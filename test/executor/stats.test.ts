/** What apps use, on the real engine: now, second by second, and summed up by the minute. */
import { existsSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { watchEngine } from '../../executor/observe/watch.ts';
import { labels } from '../../shared/names.ts';
import { statsSample, type StatsSample } from '../../shared/protocol/usage.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import type { OomEvent, UsageEvent } from '../../shared/protocol/events.ts';
import { createReader } from '../support/stream-reader.ts';
import { images } from '../support/images.ts';
import { docker, eventually, useHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

const megabyte = 1024 * 1024;
const { signal } = new AbortController();
const stop = new AbortController();
let fixture: HostFixture;

useHostFixture((opened) => {
  fixture = opened;
  const { host, observer } = fixture;
  void watchEngine({ engine: host.engine, clock: host.clock, signal: stop.signal, onHint: (hint) => observer.hint(hint), onUp: () => observer.report(), onDown: () => void observer.report() });
});
afterAll(() => stop.abort());

async function deployed(change: Partial<AppSpec>): Promise<AppSpec> {
  const spec = makeSpec(change);
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
  await fixture.deployments.settled(spec.app);
  await fixture.observer.look();
  return spec;
}

/** A worker without a port: it counts as started as soon as it runs. */
const worker = (command: string[], change: Partial<AppSpec> = {}) => deployed({ image: images.node, command, internal_port: null, hosts: [], health_check: { kind: 'started', interval: 10, timeout: 2, grace: 10 }, ...change });
const node = (script: string) => ['/bin/node', '-e', `${script}; setInterval(() => {}, 60_000)`];

const burning = ['/bin/node', '-e', 'for (;;);'];

const sample = async (app: string) => statsSample.parse(await fixture.handlers.stats({ app }, signal));
const containerOf = async (app: string) => docker.getContainer((await fixture.containers()).find((container) => container.Labels['dockup.app'] === app)?.Id ?? '');

describe('a sample of an app', () => {
  it('that burns all it may of half a core says so, in percent of a core and of its limit', async () => {
    const { app } = await worker(burning, { cpu_limit: 0.5 });
    const { cpu, cpu_of_limit: ofLimit } = await sample(app);
    expect(cpu).toBeGreaterThan(0);
    expect(ofLimit).toBeCloseTo(cpu * 2, 0);
    await fixture.handlers.remove_app({ app, volumes: [] }, signal);
  });

  it('tells the memory that it holds, and how much of its limit that is', async () => {
    const { app } = await worker(node('globalThis.held = Buffer.alloc(100 * 1024 * 1024, 1)'), { memory_limit: 256 });
    const held = await eventually(async () => {
      const seen = await sample(app);
      return seen.memory > 100 ? seen : undefined;
    });
    expect(held.memory).toBeLessThan(200);
    expect(held).toMatchObject({ cpu_of_limit: null, memory_limit: 256, memory_of_limit: expect.closeTo((held.memory / 256) * 100, 0) });
    expect(held.pids).toBeGreaterThan(1);
  });

  it('leaves out the files that the kernel only caches', async () => {
    const { app } = await worker(node(`require('fs').writeFileSync('/tmp/big', Buffer.alloc(150 * 1024 * 1024, 1))`));
    await eventually(async () => ((await fileSize(app, '/tmp/big')) === 150 * megabyte ? true : undefined));
    expect(await eventually(async () => ((await sample(app)).memory < 100 ? true : undefined))).toBe(true);
  });

  it('counts what went over its bridge, both ways', async () => {
    const { app } = await deployed({});
    const before = await sample(app);
    const address = fixture.proxy.routes().find((route) => route.app === app)?.targets[0]?.address ?? '';
    for (let i = 0; i < 20; i++) expect((await fetch(`http://${address}/?${'x'.repeat(1000)}`)).status).toBe(200);
    const after = await sample(app);
    expect(after.network_rx - before.network_rx).toBeGreaterThan(20_000);
    expect(after.network_tx - before.network_tx).toBeGreaterThan(20 * 100);
  });

  it('counts what it wrote to the disk', async () => {
    const script = `const fs = require('fs'); const file = fs.openSync('/sync', fs.constants.O_CREAT | fs.constants.O_WRONLY | fs.constants.O_SYNC); for (let i = 0; i < 32; i++) fs.writeSync(file, Buffer.alloc(65_536, 1))`;
    // Linux counts the block I/O of a cgroup v1 only where it limits it: a limit that is never reached.
    const HostConfig = { BlkioDeviceWriteBps: [{ Path: await engineDisk(), Rate: 1e9 }] };
    const container = await docker.createContainer({ Image: images.node, Cmd: node(script), HostConfig, Labels: { [labels.server]: fixture.serverId } });
    await container.start();
    const written = await eventually(async () => {
      const seen = await fixture.observer.usage.sample(container.id);
      return seen !== null && seen.block_write >= 32 * 65_536 ? seen.block_write : undefined;
    });
    expect(written).toBeLessThan(64 * megabyte);
  });

  it('is refused for one that does not run, and for one that never did', async () => {
    const { app } = await deployed({});
    await fixture.handlers.act({ app, action: 'stop' }, signal);
    await expect(sample(app)).rejects.toMatchObject({ code: 'app_not_running' });
    await expect(sample(makeId('app'))).rejects.toMatchObject({ code: 'app_not_deployed' });
    await fixture.handlers.act({ app, action: 'start' }, signal);
    await fixture.handlers.act({ app, action: 'pause' }, signal);
    expect(await sample(app)).toMatchObject({ cpu: 0 });
  });
});

describe('the stream of an app', () => {
  const open = (app: string, reader: ReturnType<typeof createReader>) => fixture.streamHandlers.stats({ app }, reader.stream);

  it('is one sample a second, and ends when the reader is gone', async () => {
    const { app } = await deployed({});
    const reader = createReader();
    const ended = open(app, reader).catch((error: { code: string }) => error.code);
    const samples = await eventually(() => (reader.lines().length >= 3 ? reader.lines().map((line): StatsSample => statsSample.parse(JSON.parse(line))) : undefined));
    expect(new Set(samples.map(({ time }) => time)).size).toBe(samples.length);
    reader.leave();
    await ended;
    const count = reader.lines().length;
    await fixture.observer.look();
    expect(reader.lines()).toHaveLength(count);
  });

  it('adds up to the processor time that the kernel has counted', async () => {
    const { app } = await worker(burning, { cpu_limit: 0.5 });
    const { State } = await (await containerOf(app)).inspect();
    const reader = createReader();
    const ended = open(app, reader).catch(() => undefined);
    const look = async (index: number) => {
      const { time } = statsSample.parse(JSON.parse(await eventually(() => reader.lines()[index])));
      const used = await processorTime(State.Pid);
      return { used, late: Date.now() - Date.parse(time) };
    };
    const [first, last] = [await look(0), await look(3)];
    reader.leave();
    await ended;
    const samples = reader.lines().slice(0, 4).map((line) => statsSample.parse(JSON.parse(line)));
    const counted = samples.slice(1).reduce((sum, { cpu, time }, i) => sum + (cpu / 100) * (Date.parse(time) - Date.parse(samples[i]?.time ?? '')), 0);
    // Both looks at the kernel come later than the samples; meanwhile it goes on burning, at half a core in slices of 50 ms.
    const uncertain = 0.5 * (first.late + last.late) + 150;
    expect(counted).toBeGreaterThan(0);
    expect(Math.abs(counted - (last.used - first.used))).toBeLessThan(uncertain);
    await fixture.handlers.remove_app({ app, volumes: [] }, signal);
  });

  it('holds one sample, the newest, for a reader that does not read', async () => {
    const { app } = await deployed({});
    const reader = createReader({ room: 0 });
    const ended = open(app, reader).catch(() => undefined);
    const source = createReader();
    const other = open(app, source).catch(() => undefined);
    await eventually(() => (source.lines().length >= 3 ? true : undefined));
    expect(reader.lines()).toEqual([]);
    reader.allow(1_000_000);
    const [first = ''] = await eventually(() => (reader.lines().length > 0 ? reader.lines() : undefined));
    expect(Date.parse(statsSample.parse(JSON.parse(first)).time)).toBeGreaterThan(Date.parse(statsSample.parse(JSON.parse(source.lines()[0] ?? '')).time));
    reader.leave();
    source.leave();
    await Promise.all([ended, other]);
  });

  it('ends with app_not_running when the app is stopped', async () => {
    const { app } = await deployed({});
    const reader = createReader();
    const ended = open(app, reader);
    await eventually(() => (reader.lines().length > 0 ? true : undefined));
    await Promise.all([expect(ended).rejects.toMatchObject({ code: 'app_not_running' }), fixture.handlers.act({ app, action: 'stop' }, signal)]);
  });
});

describe('a minute of an app', () => {
  it('is told once it is over: averages, maxima and what moved, counted from when the app began', async () => {
    const { app } = await deployed({});
    const { observer, proxy } = fixture;
    await observer.measure();
    const other = await deployed({});
    const address = proxy.routes().find((route) => route.app === app)?.targets[0]?.address ?? '';
    for (let i = 0; i < 20; i++) await fetch(`http://${address}/?${'x'.repeat(1000)}`);
    await observer.measure();
    const later = Date.now() + 60_000;
    const told = observer.usage.minutesOver(later).concat(fixture.events.filter((event): event is UsageEvent => event.kind === 'usage')).flatMap((event) => event.apps);
    const total = (of: string) => told.filter((minute) => minute.app === of).reduce((sum, { network: [received] }) => sum + received, 0);
    expect(total(app)).toBeGreaterThan(20_000);
    // Its health check went over the bridge before the first look at it.
    expect(total(other.app)).toBeGreaterThan(0);
    const [{ cpu, memory } = { cpu: [0, 0], memory: [0, 0] }] = told.filter((minute) => minute.app === app);
    expect(cpu[1]).toBeGreaterThanOrEqual(cpu[0]);
    expect(memory[0]).toBeGreaterThan(0);
    expect(observer.usage.minutesOver(later)).toEqual([]);
  });

  it('is reported as of the last look', async () => {
    const { app } = await worker(burning, { cpu_limit: 0.25 });
    const { observer } = fixture;
    await observer.measure();
    await observer.report();
    const { id } = await containerOf(app);
    const { cpu, memory } = observer.usage.of(id);
    expect(Math.min(cpu, memory)).toBeGreaterThan(0);
    expect(fixture.events.findLast((event) => event.kind === 'report')?.apps.find((one) => one.app === app)).toMatchObject({ cpu, memory });
    await fixture.handlers.remove_app({ app, volumes: [] }, signal);
  });
});

describe('want of memory', () => {
  it('of a child process is told while the container lives on', async () => {
    const { app } = await worker(['/bin/node', '-e', `process.on('SIGUSR2', () => require('child_process').spawn('/bin/node', ['-e', 'const held = []; for (;;) held.push(Buffer.alloc(1e6, 1))'])); setInterval(() => {}, 60_000)`], { memory_limit: 96 });
    await (await containerOf(app)).kill({ signal: 'SIGUSR2' });
    const told = await eventually(() => fixture.events.find((event): event is OomEvent => event.kind === 'oom' && event.app === app));
    expect(told.deployment).toMatch(/^dep_/);
    expect(await fixture.observer.status(app)).toBe('running');
  });
});

/** ms that a process has run so far. The kernel tells it in hundredths of a second. */
async function processorTime(pid: number): Promise<number> {
  const [user = '', system = ''] = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ').slice(13, 15);
  return (Number(user) + Number(system)) * 10;
}

/** Bytes of a file in the app's container; undefined while it is not there. */
async function fileSize(app: string, path: string): Promise<number | undefined> {
  const container = await containerOf(app);
  const stat = await container.infoArchive({ path }).catch(() => undefined);
  const header = (stat as { headers?: Record<string, string> } | undefined)?.headers?.['x-docker-container-path-stat'];
  return header === undefined ? undefined : (JSON.parse(Buffer.from(header, 'base64').toString()) as { size: number }).size;
}

/** The disk that holds the engine's files: of a partition, the disk it is on. */
async function engineDisk(): Promise<string> {
  const { dev } = await stat(((await docker.info()) as { DockerRootDir: string }).DockerRootDir);
  const device = await realpath(`/sys/dev/block/${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`);
  return `/dev/${basename(existsSync(join(device, 'partition')) ? dirname(device) : device)}`;
}
