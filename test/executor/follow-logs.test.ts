/** The stream of an app's log on the real engine: through deploys, restarts, floods, slow readers and an engine that goes away. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { watchEngine } from '../../executor/observe/watch.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { LogEntry } from '../../shared/protocol/logs.ts';
import { createEngineGate } from '../support/engine-gate.ts';
import { docker, eventually, useHostFixture, type HostFixture, type Life } from './host-fixture.ts';
import { deployed, follow, node, readLog, shell, texts, type LogReader } from './log-apps.ts';
import { makeId } from './spec.ts';

let fixture: HostFixture;
const stop = new AbortController();
useHostFixture((opened) => {
  fixture = opened;
  watch(fixture);
});
afterAll(() => stop.abort());

function watch({ host }: Life): void {
  void watchEngine({ engine: host.engine, clock: host.clock, signal: stop.signal, onHint: (hint) => host.logs.hint(hint), onUp: async () => host.logs.hintAll(), onDown: () => undefined });
}

const until = (reader: LogReader, text: string) => eventually(() => (reader.entries().some((line) => line.text === text) ? true : undefined));
const count = (name: string, from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${name} ${from + i}`);
const counting = (name: string, pause = '0.05') => `i=0; while true; do i=$((i+1)); echo "${name} $i"; sleep ${pause}; done`;
const containerOf = async (app: string) => docker.getContainer((await fixture.containers()).find((container) => container.Labels['dockup.app'] === app)?.Id ?? '');

/** The lines of an app from its first one on. */
async function readFirst(app: string): Promise<LogEntry[]> {
  const reader = follow(fixture, app);
  await eventually(() => (reader.entries().length > 0 ? true : undefined));
  reader.leave();
  return reader.entries();
}

describe('a stream of an app\'s log', () => {
  it('begins with the last lines that match and goes on with those to come', async () => {
    const spec = shell(counting('tick'));
    await deployed(fixture, spec);
    await eventually(async () => ((await readLog(fixture, spec.app)).length > 20 ? true : undefined));
    const reader = follow(fixture, spec.app, { tail: 3, filter: { search: 'TICK' } });
    await eventually(() => (reader.entries().length > 10 ? true : undefined));
    reader.leave();
    await reader.end;
    const first = Number(reader.entries()[0]?.text.split(' ')[1]);
    expect(first).toBeGreaterThan(15);
    expect(texts(reader.entries())).toEqual(count('tick', first, first + reader.entries().length - 1));
  });

  it('REL-18 goes on behind any line of a long log, and asks the engine for no more of it than that takes', async () => {
    const gate = await createEngineGate(join(fixture.dir, 'engine-of-logs.sock'));
    const life = await fixture.reopen({ socketPath: gate.path });
    const spec = shell('seq 30000; sleep 1; seq 30001 30010; sleep 3600');
    await deployed(fixture, spec);
    const lines = await eventually(async () => {
      const found = await readLog(fixture, spec.app, {}, 4_000);
      return found.at(-1)?.text === '30010' ? found : undefined;
    });
    const whole = gate.hold(/^GET \/containers\/\w+\/logs\?.*tail=all/);
    const restAfter = async (line: LogEntry | undefined) => {
      const reader = follow(life, spec.app, { filter: { after: line?.cursor ?? '' } });
      await until(reader, '30010');
      reader.leave();
      return texts(reader.entries());
    };
    expect(await restAfter(lines.at(-2))).toEqual(['30010']);
    expect(await restAfter(lines.at(-3_001))).toEqual(Array.from({ length: 3_000 }, (_, i) => String(27_011 + i)));
    whole.release();
    const [first] = await readFirst(spec.app);
    expect(await restAfter(first)).toEqual(Array.from({ length: 30_009 }, (_, i) => String(i + 2)));
    gate.shut();
  });

  it('of many readers is one reading of the engine, which goes on when the first of them leaves', async () => {
    const gate = await createEngineGate(join(fixture.dir, 'engine-shared.sock'));
    const life = await fixture.reopen({ socketPath: gate.path });
    const spec = shell(counting('tick', '0.01'));
    await deployed(fixture, spec);
    const first = follow(life, spec.app, { tail: 0 });
    await eventually(() => (first.entries().length > 0 ? true : undefined));
    const others = gate.hold(/^GET \/containers\/\w+\/logs\?.*follow=true/);
    const readers = Array.from({ length: 20 }, (_, i) => follow(life, spec.app, { tail: i }));
    await eventually(() => (readers.every((reader) => reader.entries().length > 50) ? true : undefined));
    first.leave();
    await first.end;
    const before = readers.map((reader) => reader.entries().length);
    await eventually(() => (readers.every((reader, i) => reader.entries().length > (before[i] ?? 0) + 50) ? true : undefined));
    for (const reader of readers) reader.leave();
    others.release();
    for (const reader of readers) {
      const told = texts(reader.entries());
      const from = Number(told[0]?.split(' ')[1]);
      expect(told).toEqual(count('tick', from, from + told.length - 1));
      expect(reader.dropped()).toBe(0);
    }
    gate.shut();
  });

  it('ends by itself at the time that was asked for', async () => {
    const spec = shell(counting('tick'));
    await deployed(fixture, spec);
    const now = Date.now() + 700;
    const reader = follow(fixture, spec.app, { filter: { until: now } });
    expect(await reader.end).toEqual({});
    expect(reader.entries().length).toBeGreaterThan(5);
    expect(reader.entries().every(({ time }) => Date.parse(time) < now)).toBe(true);
  });

  it('goes through a deploy: the new container joins, the old one is told to its end', async () => {
    const spec = shell(counting('old'));
    await deployed(fixture, spec);
    const reader = follow(fixture, spec.app);
    await until(reader, 'old 5');
    await deployed(fixture, { ...spec, command: ['/bin/sh', '-c', counting('new')] });
    await until(reader, 'new 10');
    reader.leave();
    await reader.end;
    const seen = reader.entries();
    const all = await readLog(fixture, spec.app);
    for (const name of ['old', 'new']) {
      const told = texts(seen).filter((text) => text.startsWith(name));
      expect(told).toEqual(count(name, 1, told.length));
    }
    const old = (lines: readonly LogEntry[]) => lines.filter(({ text }) => text.startsWith('old'));
    expect(old(seen)).toEqual(old(all).map((line) => expect.objectContaining({ time: line.time, text: line.text })));
    // From whatever line of it: nothing is told twice, and nothing left out.
    for (const [i, { cursor }] of seen.entries()) {
      const rest = texts(await readLog(fixture, spec.app, { after: cursor }));
      const told = new Set(texts(seen.slice(0, i + 1)));
      expect(rest.filter((text) => told.has(text))).toEqual([]);
      expect(new Set([...told, ...rest])).toEqual(new Set([...texts(all), ...rest]));
    }
  });

  it('tells what a failed deployment says, and goes on with what serves', async () => {
    const spec = shell(counting('serving', '0.2'));
    await deployed(fixture, spec);
    const reader = follow(fixture, spec.app, { tail: 0 });
    const failed = await fixture.deploy({ ...spec, command: ['/bin/sh', '-c', 'echo broken; exit 3'] });
    expect(failed.status).toBe('failed');
    await until(reader, 'broken');
    const before = reader.entries().length;
    await eventually(() => (reader.entries().length > before + 5 ? true : undefined));
    reader.leave();
    expect(reader.entries().filter(({ deployment }) => deployment === failed.deployment).map(({ text }) => text)).toEqual(['broken']);
  });

  it('goes through restarts and crash loops without gap or duplicate', async () => {
    const spec = node(`const { writeSync } = require('fs'); const start = process.hrtime.bigint(); for (let i = 1; i <= 50; i++) writeSync(1, start + ' ' + i + '\\n'); setTimeout(() => process.exit(1), 1500)`, { restart_policy: { name: 'always', maximum_retries: 0 } });
    await deployed(fixture, spec);
    const reader = follow(fixture, spec.app);
    await eventually(() => (reader.entries().length >= 150 ? true : undefined));
    await (await containerOf(spec.app)).restart({ t: 0 });
    await eventually(() => (reader.entries().length >= 250 ? true : undefined));
    reader.leave();
    await reader.end;
    const runs = Map.groupBy(texts(reader.entries()), (text) => text.split(' ')[0]);
    const whole = [...runs.values()].slice(0, -1);
    expect(whole.length).toBeGreaterThanOrEqual(4);
    for (const run of whole) expect(run.map((text) => Number(text.split(' ')[1]))).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it('ends with app_not_deployed when there is no such app, and when it is removed', async () => {
    expect(await follow(fixture, makeId('app')).end).toMatchObject({ code: 'app_not_deployed' });
    const spec = shell(counting('tick'));
    await deployed(fixture, spec);
    const reader = follow(fixture, spec.app);
    await until(reader, 'tick 3');
    await fixture.handlers.remove_app({ app: spec.app, volumes: [] }, stop.signal);
    expect(await reader.end).toMatchObject({ code: 'app_not_deployed' });
  });

  it('of a deployment that is over is its kept log, and ends', async () => {
    const spec = shell('echo once; sleep 3600');
    const first = await deployed(fixture, spec);
    await deployed(fixture, spec);
    const reader = follow(fixture, spec.app, { filter: { deployment: first } });
    expect(await reader.end).toEqual({});
    expect(texts(reader.entries())).toEqual(['once']);
  });
});

describe('a stream of the log of one deployment', () => {
  it('waits for a container that is still to come, of an app that has others or none, and is told to its end', async () => {
    const spec = shell('echo first; sleep 3600');
    const [first, second] = [makeId('deployment'), makeId('deployment')];
    const readers = [follow(fixture, spec.app, { filter: { deployment: first } }), follow(fixture, spec.app, { filter: { deployment: second } })] as const;
    await fixture.deploy(spec, first);
    await until(readers[0], 'first');
    expect(readers[1].entries()).toEqual([]);
    await fixture.deploy({ ...spec, command: ['/bin/sh', '-c', counting('tick')] }, second);
    await until(readers[1], 'tick 5');
    expect(await readers[0].end).toEqual({});
    expect(texts(readers[0].entries())).toEqual(['first']);
    readers[1].leave();
    await readers[1].end;
  });

  it('ends when it is told to, with every line that was written before', async () => {
    const spec = shell(counting('tick', '0.005'));
    const deployment = await deployed(fixture, spec);
    const reader = follow(fixture, spec.app, { filter: { deployment } });
    await until(reader, 'tick 50');
    const before = (await readLog(fixture, spec.app)).length;
    reader.finish();
    expect(await reader.end).toEqual({});
    expect(reader.dropped()).toBe(0);
    expect(texts(reader.entries())).toEqual(count('tick', 1, reader.entries().length));
    expect(reader.entries().length).toBeGreaterThanOrEqual(before);
  });

  it('that is told so at once is what there is: of a reader that is slow, too', async () => {
    const spec = shell('seq 30000; sleep 3600');
    const deployment = await deployed(fixture, spec);
    await eventually(async () => ((await readLog(fixture, spec.app)).at(-1)?.text === '30000' ? true : undefined));
    const reader = follow(fixture, spec.app, { filter: { deployment }, room: 100_000 });
    reader.finish();
    await eventually(() => (reader.lines().length > 0 ? true : undefined));
    reader.allow(100_000_000);
    expect(await reader.end).toEqual({});
    expect(texts(reader.entries())).toEqual(Array.from({ length: 30_000 }, (_, i) => String(i + 1)));
  });

  it('of which nothing was written, or is kept, ends without a line', async () => {
    const spec = shell('sleep 3600');
    await deployed(fixture, spec);
    const unknown = follow(fixture, spec.app, { filter: { deployment: makeId('deployment') } });
    unknown.finish();
    expect(await unknown.end).toEqual({});
    const failed = await fixture.deploy({ ...spec, image: 'localhost:1/none:latest' });
    expect(failed.status).toBe('failed');
    const reader = follow(fixture, spec.app, { filter: { deployment: failed.deployment } });
    expect(await reader.end).toEqual({});
    expect([...unknown.lines(), ...reader.lines()]).toEqual([]);
  });

  it('tells a failed deployment to its end when that is told after its container is gone', async () => {
    const deployment = makeId('deployment');
    const spec = shell('seq 2000; exit 3');
    const reader = follow(fixture, spec.app, { filter: { deployment } });
    expect((await fixture.deploy(spec, deployment)).status).toBe('failed');
    reader.finish();
    expect(await reader.end).toEqual({});
    expect(texts(reader.entries())).toEqual(Array.from({ length: 2_000 }, (_, i) => String(i + 1)));
  });
});

describe('REL-17 a flood', () => {
  const flood = (lines: number, rate: number) =>
    node(`
      const { writeSync } = require('fs');
      const pad = 'x'.repeat(60);
      let n = 0;
      setTimeout(() => {
        const began = Date.now();
        const timer = setInterval(() => {
          const due = Math.min(${lines}, Math.floor(((Date.now() - began) * ${rate}) / 1000));
          let text = '';
          while (n < due) text += ++n + ' ' + pad + '\\n';
          for (let i = 0; i < text.length;) i += writeSync(1, text.slice(i));
          if (n === ${lines}) clearInterval(timer);
        }, 5);
      }, 1500);
      setInterval(() => {}, 1000);`);

  const isThrough = (reader: LogReader, last: number) => eventually(() => reader.lines().at(-1)?.includes(`"text":"${last} `) === true || undefined);
  const numbers = (reader: LogReader) => texts(reader.entries()).map((text) => Number(text.split(' ')[0]));

  /** Lines that do not come where they should: a gap stands for as many as it says. */
  function misplaced(reader: LogReader): string[] {
    let next = 1;
    return reader.lines().filter((line) => {
      const gap = Number(/^\{"dropped":(\d+)\}$/.exec(line)?.[1] ?? 0);
      next += gap;
      return gap === 0 && !line.includes(`"text":"${next++} `);
    });
  }

  it('of 30,000 lines a second reaches a fast reader whole', async () => {
    // A machine that has other things to do for two seconds makes gaps, which is what other tests are about.
    for (let left = 3; left > 0; left--) {
      const spec = flood(60_000, 30_000);
      await deployed(fixture, spec);
      const reader = follow(fixture, spec.app);
      await isThrough(reader, 60_000);
      reader.leave();
      expect(misplaced(reader)).toEqual([]);
      if (reader.dropped() === 0) return;
    }
    expect.fail('lines were left out each time');
  });

  it('leaves lines out where this process was too busy to read them in time, and counts every one of them where it was', async () => {
    const spec = flood(160_000, 20_000);
    await deployed(fixture, spec);
    const reader = follow(fixture, spec.app);
    await eventually(() => reader.lines().length > 1_000 || undefined);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_400);
    await isThrough(reader, 160_000);
    reader.leave();
    expect(reader.dropped()).toBeGreaterThan(1_000);
    expect(numbers(reader).length + reader.dropped()).toBe(160_000);
    expect(misplaced(reader)).toEqual([]);
  });

  it('loses its oldest lines at a reader that stalls, and counts them where they were', async () => {
    const spec = flood(100_000, 30_000);
    await deployed(fixture, spec);
    const reader = follow(fixture, spec.app, { room: 100_000 });
    await eventually(() => reader.lines().length > 0 || undefined);
    // It joins the reading that has begun, so what it has heard has come to the slow one's stream too: the engine's own log may be far ahead of both.
    const fast = follow(fixture, spec.app, { tail: 0 });
    await isThrough(fast, 100_000);
    fast.leave();
    reader.allow(100_000_000);
    await isThrough(reader, 100_000);
    reader.leave();
    expect(reader.dropped()).toBeGreaterThan(50_000);
    expect(numbers(reader).length + reader.dropped()).toBe(100_000);
    expect(Buffer.byteLength(reader.lines().join('\n'))).toBeLessThan(limits.logBacklog + limits.streamWindow + 300_000);
    expect(misplaced(reader)).toEqual([]);
  });
});

describe('REL-11 an engine that goes away', () => {
  it('ends the stream with the reason; by its last cursor it goes on where it was', async () => {
    const gate = await createEngineGate(join(fixture.dir, 'engine.sock'));
    const life = await fixture.reopen({ socketPath: gate.path });
    const spec = shell(counting('tick'));
    await deployed(fixture, spec);
    const reader = follow(life, spec.app);
    await until(reader, 'tick 5');
    gate.shut();
    expect(await reader.end).toMatchObject({ code: 'engine_unreachable' });
    await gate.open();
    const resumed = follow(life, spec.app, { filter: { after: reader.entries().at(-1)?.cursor ?? null } });
    await eventually(() => (resumed.entries().length > 10 ? true : undefined));
    resumed.leave();
    gate.shut();
    const all = [...texts(reader.entries()), ...texts(resumed.entries())];
    expect(all).toEqual(count('tick', 1, all.length));
  });
});
