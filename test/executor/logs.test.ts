/** One log per app, on the real engine: filters, what is kept of containers that are gone, and resuming by cursor. */
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogArchive } from '../../executor/logs/archive.ts';
import { createLog } from '../../executor/log.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { docker, eventually, useHostFixture, type HostFixture } from './host-fixture.ts';
import { deployed, node, readLog, shell, texts } from './log-apps.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
const { signal } = new AbortController();
useHostFixture((opened) => (fixture = opened));

const archivesOf = (app: string) => readdir(join(fixture.dir, 'logs', app)).catch(() => []);
const withScript = (spec: AppSpec, script: string): AppSpec => ({ ...spec, command: ['/bin/sh', '-c', script] });

describe('the log of an app', () => {
  it('is filtered by stream, text, and time', async () => {
    const spec = shell('echo One; echo two >&2; sleep 1; echo three; echo ONE more >&2; sleep 3600');
    await deployed(fixture, spec);
    const all = await eventually(async () => {
      const lines = await readLog(fixture, spec.app);
      return lines.length === 4 ? lines : undefined;
    });
    expect(texts(all).slice(2).sort()).toEqual(['ONE more', 'three']);
    expect(texts(await readLog(fixture, spec.app, { stream: 'stderr' }))).toEqual(['two', 'ONE more']);
    expect(texts(await readLog(fixture, spec.app, { search: 'one' }))).toEqual(['One', 'ONE more']);
    expect(texts(await readLog(fixture, spec.app, { search: 'one', stream: 'stderr' }))).toEqual(['ONE more']);
    const between = Date.parse(all[1]?.time ?? '') + 500;
    expect(texts(await readLog(fixture, spec.app, { since: between }))).toEqual(texts(all.slice(2)));
    expect(await readLog(fixture, spec.app, { until: between })).toEqual(all.slice(0, 2));
    expect(texts(await readLog(fixture, spec.app, { stream: 'stderr' }, 1))).toEqual(['ONE more']);
    expect(await readLog(fixture, spec.app, {}, 1)).toEqual(all.slice(-1));
    expect(await readLog(fixture, spec.app, { since: 253_402_300_800_000 })).toEqual([]);
  });

  it('REL-18 goes on over a deploy: the replaced container can still be read, and be chosen', async () => {
    const spec = shell('echo old words; sleep 3600');
    const first = await deployed(fixture, spec);
    const second = await deployed(fixture, withScript(spec, 'echo new words; sleep 3600'));
    const lines = await eventually(async () => {
      const found = await readLog(fixture, spec.app);
      return found.length === 2 ? found : undefined;
    });
    expect(lines.map(({ text, deployment }) => [text, deployment])).toEqual([['old words', first], ['new words', second]]);
    expect(texts(await readLog(fixture, spec.app, { deployment: first }))).toEqual(['old words']);
    expect(texts(await readLog(fixture, spec.app, { deployment: second }))).toEqual(['new words']);
    expect(await readLog(fixture, spec.app, { deployment: makeId('deployment') })).toEqual([]);
    expect(texts(await readLog(fixture, spec.app, {}, 1))).toEqual(['new words']);
    expect(await archivesOf(spec.app)).toEqual([`${first}.ndjson.gz`]);
  });

  it('REL-14 holds what a failed deployment said, in its place among the lines of what serves on', async () => {
    const spec = shell('echo serving; sleep 6; echo still serving; sleep 3600');
    const sound = await deployed(fixture, spec);
    const failed = await fixture.deploy(withScript(spec, 'echo broken >&2; exit 4'));
    expect(failed.status).toBe('failed');
    const lines = await eventually(async () => {
      const found = await readLog(fixture, spec.app);
      return found.length === 3 ? found : undefined;
    });
    expect(lines.map(({ text, deployment }) => [text, deployment])).toEqual([['serving', sound], ['broken', failed.deployment], ['still serving', sound]]);
    for (const [i, { cursor }] of lines.entries()) expect(texts(await readLog(fixture, spec.app, { after: cursor }))).toEqual(texts(lines.slice(i + 1)));
  });

  it('is readable when the first deployment failed and there has never been another container', async () => {
    const spec = shell('echo not even once; exit 1');
    await fixture.deploy(spec);
    expect(texts(await readLog(fixture, spec.app))).toEqual(['not even once']);
  });

  it('is refused for an app that never ran, and with a cursor that no line had', async () => {
    await expect(readLog(fixture, makeId('app'))).rejects.toMatchObject({ code: 'app_not_deployed' });
    const spec = shell('echo one; sleep 3600');
    await deployed(fixture, spec);
    for (const after of ['c1.', 'c2.x', '1795373428', 'c1.../../etc/passwd', `c1.${'0'.repeat(22)}.12`]) {
      await expect(readLog(fixture, spec.app, { after })).rejects.toMatchObject({ code: 'invalid_value' });
    }
  });

  it('keeps long lines, bytes that are no text and colours apart and whole', async () => {
    const script = `
      const { writeSync } = require('fs');
      writeSync(1, 'a'.repeat(16_384) + '\\n');
      writeSync(1, 'b'.repeat(40_000) + '\\n');
      writeSync(1, 'é'.repeat(12_000) + '\\n');
      writeSync(1, Buffer.concat([Buffer.from([0, 255, 254, 128, 7]), Buffer.from('\\n')]));
      writeSync(1, '\\u001b[31mred\\u001b[0m "quoted" \\\\ back\\n\\n');
      writeSync(1, 'no end');`;
    const spec = node(`${script}; setTimeout(() => {}, 1500)`, { restart_policy: { name: 'no', maximum_retries: 0 } });
    await deployed(fixture, spec);
    const expected = ['a'.repeat(16_384), `${'b'.repeat(limits.logLineLength - 1)}…`, 'é'.repeat(12_000), '\0\ufffd\ufffd\ufffd\x07', '\x1b[31mred\x1b[0m "quoted" \\ back', '', 'no end'];
    const fromContainer = await eventually(async () => {
      const found = await readLog(fixture, spec.app);
      return found.length === expected.length ? found : undefined;
    });
    expect(texts(fromContainer)).toEqual(expected);
    await deployed(fixture, withScript({ ...spec, image: makeSpec().image }, 'echo next; sleep 3600'));
    expect((await readLog(fixture, spec.app)).slice(0, expected.length)).toEqual(fromContainer);
  });

  it('ends with the app: nothing of a removed one is kept', async () => {
    const spec = shell('echo gone soon; sleep 3600');
    await deployed(fixture, spec);
    await deployed(fixture, spec);
    expect(await archivesOf(spec.app)).toHaveLength(1);
    await fixture.handlers.remove_app({ app: spec.app, volumes: [] }, signal);
    expect(await archivesOf(spec.app)).toEqual([]);
    await expect(readLog(fixture, spec.app)).rejects.toMatchObject({ code: 'app_not_deployed' });
  });
});

describe('REL-18 a cursor', () => {
  it('gives every later line once, at whatever line of a log over three deployments, and also after the next deploy', async () => {
    const words = (name: string) => `i=0; while [ $i -lt 12 ]; do i=$((i+1)); echo ${name}$i; echo ${name}$i to stderr >&2; done; sleep 3600`;
    const spec = shell(words('a'));
    await deployed(fixture, spec);
    await deployed(fixture, withScript(spec, words('b')));
    await deployed(fixture, withScript(spec, words('c')));
    const lines = await eventually(async () => {
      const found = await readLog(fixture, spec.app);
      return found.length === 72 ? found : undefined;
    });
    expect(new Set(texts(lines)).size).toBe(72);
    for (const [i, { cursor }] of lines.entries()) expect(texts(await readLog(fixture, spec.app, { after: cursor }))).toEqual(texts(lines.slice(i + 1)));
    await deployed(fixture, withScript(spec, 'echo the end; sleep 3600'));
    for (const i of [0, 23, 24, 60, 71]) expect(texts(await readLog(fixture, spec.app, { after: lines[i]?.cursor ?? null }))).toEqual([...texts(lines.slice(i + 1)), 'the end']);
  });

  it('is one of the whole log, whatever part of it was asked for', async () => {
    const spec = shell('i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo line $i; done; sleep 3600');
    await deployed(fixture, spec);
    const all = await eventually(async () => {
      const found = await readLog(fixture, spec.app);
      return found.length === 300 ? found : undefined;
    });
    const [last] = await readLog(fixture, spec.app, { until: Date.parse(all[200]?.time ?? '') + 1 }, 1);
    const [found] = await readLog(fixture, spec.app, { search: 'line 77' });
    expect(texts(await readLog(fixture, spec.app, { after: found?.cursor ?? null }))).toEqual(texts(all.slice(77)));
    expect(texts(await readLog(fixture, spec.app, { after: last?.cursor ?? null }))[0]).toBe(texts(all)[texts(all).indexOf(last?.text ?? '') + 1]);
  });
});

describe('what is kept of a log', () => {
  const makeArchive = (dir: string, caps: { deployment: number; app: number }, retentionDays = 7) =>
    new LogArchive({ engine: fixture.host.engine, dir, retentionDays, caps, log: createLog(() => undefined) });

  async function writer(lines: number): Promise<{ id: string; app: string; deployment: string }> {
    const spec = shell(`i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo line $i of many; done; exec sleep 3600`);
    await deployed(fixture, spec);
    const [container] = (await fixture.containers()).filter(({ Labels }) => Labels['dockup.app'] === spec.app);
    await eventually(async () => ((await readLog(fixture, spec.app, {}, 1))[0]?.text === `line ${lines} of many` ? true : undefined));
    return { id: container?.Id ?? '', app: spec.app, deployment: container?.Labels['dockup.deployment'] ?? '' };
  }

  async function kept(archive: LogArchive, { app, deployment }: { app: string; deployment: string }): Promise<string[]> {
    const lines: string[] = [];
    await archive.read(app, deployment, { onLine: (line) => lines.push(line.text) });
    return lines;
  }

  it('is its newest lines, up to the limit of a deployment', async () => {
    const container = await writer(20_000);
    const archive = makeArchive(join(fixture.dir, 'small'), { deployment: 600_000, app: 10_000_000 });
    await archive.keep({ ...container, state: 'exited' });
    const lines = await kept(archive, container);
    expect(lines.at(-1)).toBe('line 20000 of many');
    expect(lines.length).toBeGreaterThan(2_000);
    expect(lines.length).toBeLessThan(9_000);
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, i) => `line ${20_000 - lines.length + i + 1} of many`));
  });

  it('is of the newest deployments, up to the limit of an app, and of the last days', async () => {
    const container = await writer(100);
    const dir = join(fixture.dir, 'capped');
    const archive = makeArchive(dir, { deployment: 600_000, app: 2_500 });
    await mkdir(join(dir, container.app), { recursive: true });
    const older = ['a', 'b', 'c'].map((letter) => `dep_${'0'.repeat(21)}${letter}`);
    for (const name of older) await writeFile(join(dir, container.app, `${name}.ndjson.gz`), Buffer.alloc(1_000));
    await archive.keep({ ...container, state: 'exited' });
    const [, , newest] = older;
    expect((await archive.list(container.app)).map((archived) => archived.deployment)).toEqual(expect.arrayContaining([newest, container.deployment]));
    expect(await archive.list(container.app)).toHaveLength(2);
    const eightDaysAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000);
    await utimes(join(dir, container.app, `${newest}.ndjson.gz`), eightDaysAgo, eightDaysAgo);
    await archive.prune();
    expect((await archive.list(container.app)).map((archived) => archived.deployment)).toEqual([container.deployment]);
  });

  it('never keeps a container from being removed', async () => {
    const spec = shell('echo unkept; sleep 3600');
    await writeFile(join(fixture.dir, 'logs', spec.app), 'a file where the folder would be');
    await deployed(fixture, spec);
    const second = await deployed(fixture, spec);
    expect((await fixture.containers()).filter(({ Labels }) => Labels['dockup.app'] === spec.app).map(({ Labels }) => Labels['dockup.deployment'])).toEqual([second]);
    expect(fixture.logs.join()).toContain('the log of a container could not be kept');
  });

  it('is kept by the next executor when the first was killed in between', async () => {
    const spec = shell('echo before the kill; sleep 3600');
    const first = await deployed(fixture, spec);
    const [container] = (await fixture.containers()).filter(({ Labels }) => Labels['dockup.app'] === spec.app);
    // What a kill in the middle of writing leaves: a temporary file, and the container.
    await mkdir(join(fixture.dir, 'logs', spec.app), { recursive: true });
    await writeFile(join(fixture.dir, 'logs', spec.app, `${first}.ndjson.gz.tmp`), 'half');
    expect(texts(await readLog(fixture, spec.app))).toEqual(['before the kill']);
    await deployed(fixture, withScript(spec, 'echo after; sleep 3600'));
    await expect(docker.getContainer(container?.Id ?? '').inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect(texts(await readLog(fixture, spec.app, { deployment: first }))).toEqual(['before the kill']);
  });
});
