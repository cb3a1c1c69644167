import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeploymentEvent } from '../shared/protocol/events.ts';
import type { AppSpec } from '../shared/protocol/spec.ts';
import { Journal, journalLimits } from './journal.ts';
import { createLog } from './log.ts';

const app = 'app_1k3m8v0qz9x4c7b2n5h6t0';
const spec: AppSpec = {
  app, project: 'prj_1k3m8v0qz9x4c7b2n5h6t0', slug: 'demo', hosts: [], image: 'nginx:alpine', pull_policy: 'missing',
  command: ['--password=command-secret'], env: { PASSWORD: 'env-secret' }, volumes: [], strategy: 'start-first', internal_port: 80, cpu_limit: null, memory_limit: null, restart_policy: { name: 'no', maximum_retries: 0 },
  health_check: { kind: 'tcp', interval: 10, timeout: 5, grace: 60 }, drain_timeout: 30, stop_timeout: 10,
};
const outcome = (deployment: string, status: 'succeeded' | 'failed' = 'succeeded'): DeploymentEvent => ({ kind: 'deployment', deployment, app, status, phase: 'done', at: 1, image_id: null, failure: null });

let dir: string;
let lines: string[];
const open = () => Journal.open(dir, createLog((line) => lines.push(line)));
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dockup-journal-'));
  lines = [];
});
afterEach(() => rm(dir, { recursive: true }));

describe('the journal', () => {
  it('REL-06 has a deployment on disk, for its owner only, when it is accepted', async () => {
    const journal = await open();
    await journal.accept('dep_1', spec, 1);
    expect((await stat(join(dir, 'dep_1.json'))).mode & 0o777).toBe(0o600);
    expect((await open()).get('dep_1')).toEqual(journal.get('dep_1'));
  });

  it('REL-07 gives what is unfinished in the order it was accepted', async () => {
    const journal = await open();
    for (const [id, at] of [['dep_b', 1], ['dep_a', 2], ['dep_c', 3]] as const) await journal.accept(id, spec, at);
    await journal.conclude(outcome('dep_a'), true);
    await journal.conclude(outcome('dep_b'), false);
    expect((await open()).unfinished().map((entry) => entry.deployment)).toEqual(['dep_b', 'dep_c']);
  });

  it('SEC-11 drops secrets with the outcome', async () => {
    const journal = await open();
    await journal.accept('dep_1', spec, 1);
    await journal.conclude(outcome('dep_1'), false);
    expect(await readFile(join(dir, 'dep_1.json'), 'utf8')).not.toContain('secret');
  });

  it('keeps outcomes until they are acknowledged', async () => {
    const journal = await open();
    await journal.accept('dep_1', spec, Date.now());
    await journal.conclude(outcome('dep_1', 'failed'), true);
    expect((await open()).unacknowledged()).toEqual([outcome('dep_1', 'failed')]);
    await journal.change('dep_1', { isAcknowledged: true });
    expect((await open()).unacknowledged()).toEqual([]);
    expect((await open()).get('dep_1')?.outcome).toEqual(outcome('dep_1', 'failed'));
  });

  it('loses none of two changes made at once', async () => {
    const journal = await open();
    await journal.accept('dep_1', spec, 1);
    await Promise.all([journal.change('dep_1', { cancel: 'app_deleted' }), journal.conclude(outcome('dep_1'), false), journal.change('dep_1', { isStopped: true })]);
    expect((await open()).get('dep_1')).toMatchObject({ cancel: 'app_deleted', outcome: outcome('dep_1'), isStopped: true });
  });

  it('knows the newest success of an app, however old, and forgets it with the app', async () => {
    const journal = await open();
    for (const [id, at] of [['dep_1', 1], ['dep_2', 2], ['dep_3', Date.now()]] as const) {
      await journal.accept(id, spec, at);
      await journal.conclude(outcome(id, id === 'dep_3' ? 'failed' : 'succeeded'), true);
      await journal.change(id, { isAcknowledged: true, keepsImage: false });
    }
    expect((await open()).current(app)?.deployment).toBe('dep_2');
    expect((await readdir(dir)).sort()).toEqual(['dep_2.json', 'dep_3.json']);
    await journal.forget(app);
    expect(await readdir(dir)).toEqual([]);
  });

  it('keeps a deployment for as long as its image is kept', async () => {
    const journal = await open();
    for (const [id, at] of [['dep_1', 1], ['dep_2', 2]] as const) {
      await journal.accept(id, spec, at);
      await journal.conclude(outcome(id), true);
      await journal.change(id, { isAcknowledged: true });
    }
    expect((await open()).of(app).map(({ deployment, keepsImage }) => [deployment, keepsImage])).toEqual([['dep_1', true], ['dep_2', true]]);
    await journal.change('dep_1', { keepsImage: false });
    await journal.change('dep_2', { isAcknowledged: true });
    expect((await open()).of(app).map(({ deployment }) => deployment)).toEqual(['dep_2']);
  });

  it('follows limits that were changed in place', async () => {
    const journal = await open();
    await journal.accept('dep_1', { ...spec, cpu_limit: 1, memory_limit: 64 }, 1);
    await journal.changeLimits('dep_1', { cpu_limit: null, memory_limit: 128 });
    expect((await open()).get('dep_1')?.spec).toMatchObject({ cpu_limit: 1, memory_limit: 128, env: spec.env });
  });

  it('reads entries of releases that knew neither volumes nor kept images', async () => {
    const journal = await open();
    await journal.accept('dep_1', spec, 1);
    const { released: _released, keepsImage: _keepsImage, ...old } = journal.get('dep_1') ?? {};
    await writeFile(join(dir, 'dep_1.json'), JSON.stringify({ ...old, spec: { ...spec, volumes: undefined, strategy: undefined } }));
    expect((await open()).get('dep_1')).toMatchObject({ released: null, keepsImage: false, spec: { volumes: [], strategy: 'start-first' } });
  });

  it('keeps a bounded number of outcomes', { timeout: 60_000 }, async () => {
    const journal = await open();
    for (let i = 0; i < journalLimits.keptOutcomes + 20; i++) {
      await journal.accept(`dep_${i}`, spec, Date.now() + i);
      await journal.conclude(outcome(`dep_${i}`, 'failed'), true);
      await journal.change(`dep_${i}`, { isAcknowledged: true });
    }
    expect(await readdir(dir)).toHaveLength(journalLimits.keptOutcomes);
    expect(journal.get('dep_0')).toBeUndefined();
  });

  it.each(['', '{"deployment":', '{}'])('sets a file aside that reads %j, and keeps the rest', async (text) => {
    await (await open()).accept('dep_1', spec, 1);
    await writeFile(join(dir, 'dep_0.json'), text);
    const journal = await open();
    expect(journal.unfinished().map((entry) => entry.deployment)).toEqual(['dep_1']);
    expect((await readdir(dir)).sort()).toEqual(['dep_0.json.damaged', 'dep_1.json']);
    expect(lines.join()).toContain('dep_0.json.damaged');
  });

  it('ignores a write that a crash cut off', async () => {
    await (await open()).accept('dep_1', spec, 1);
    await writeFile(join(dir, 'dep_1.json.tmp'), '{"half');
    expect((await open()).get('dep_1')?.spec).toEqual(spec);
  });
});
