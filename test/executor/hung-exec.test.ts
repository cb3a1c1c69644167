/** Commands on an engine that hangs, and commands whose executor is killed. */
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepWatch } from '../../executor/observe/keep-watch.ts';
import { probe } from '../../executor/observe/probe.ts';
import { createEngineGate, type EngineGate } from '../support/engine-gate.ts';
import { docker, eventually, useHostFixture, type HostFixture, type Life } from './host-fixture.ts';
import { makeSpec } from './spec.ts';
import { openStream, type StreamClient } from './stream-client.ts';

let fixture: HostFixture;
let app: string;
let container: string;
const { signal } = new AbortController();
useHostFixture((opened) => (fixture = opened));
beforeAll(async () => {
  const spec = makeSpec();
  await fixture.deploy(spec);
  app = spec.app;
  container = (await fixture.containers())[0]?.Id ?? '';
});

async function processes(text: string): Promise<string[]> {
  const top: { Processes: string[][] } = await docker.getContainer(container).top();
  return top.Processes.map((row) => row.join(' ')).filter((line) => line.includes(text));
}
const runs = (text: string) => eventually(async () => (await processes(text)).length > 0 || undefined);
const isGone = (text: string) => eventually(async () => (await processes(text)).length === 0 || undefined);
const notes = () => readdir(join(fixture.dir, 'commands')).catch(() => []);
const hasNoNotes = () => eventually(async () => (await notes()).length === 0 || undefined);
const run = (life: Life, cmd: string[], timeout: number) => life.handlers.exec({ app, cmd, stdin: null, timeout }, signal);
const openTerminal = (life: Life, cmd: string[]): StreamClient => openStream('exec', { app, cmd, cols: 80, rows: 24, idle_timeout: 60 }, { handlers: life.streamHandlers, log: life.host.log });

describe('REL-11 on an engine that hangs', () => {
  let gate: EngineGate;
  let life: Life;
  beforeAll(async () => {
    gate = await createEngineGate(`/tmp/dockup-hung-exec-${process.pid}.sock`);
    life = await fixture.reopen({ socketPath: gate.path });
  });
  afterAll(() => gate.shut());

  const questions: [string, RegExp][] = [
    ['makes it', /^POST \/containers\/\w+\/exec/],
    ['starts it', /^POST \/exec\/\w+\/start/],
    ['tells of its end', /^GET \/exec\/\w+\/json/],
  ];
  it.each(questions)('a command is given up when its time is up, if the engine never %s', async (_name, head) => {
    const held = gate.hold(head);
    expect(await run(life, ['echo'], 1)).toMatchObject({ exit_code: null });
    held.release();
    await hasNoNotes();
  });

  it('a command that runs is given up when its time is up, and ended when the engine is back', async () => {
    const held = gate.hold(/^GET \/exec\/\w+\/json/);
    expect(await run(life, ['sleep', '4731'], 1)).toMatchObject({ exit_code: null });
    held.release();
    await isGone('sleep 4731');
    await hasNoNotes();
  });

  it('a command that starts after it was given up is ended', async () => {
    const held = gate.hold(/^POST \/exec\/\w+\/start/);
    expect(await run(life, ['sh', '-c', 'trap "" HUP; echo late > /started; sleep 4732'], 1)).toMatchObject({ exit_code: null });
    expect((await run(fixture, ['cat', '/started'], 10)).stdout).toBe('');
    held.release();
    await hasNoNotes();
    expect((await run(fixture, ['cat', '/started'], 10)).stdout).toBe('late\n');
    expect(await processes('sleep 4732')).toEqual([]);
  });

  it('a terminal whose reader leaves before it has started is ended', async () => {
    const held = gate.hold(/^POST \/exec\/\w+\/start/);
    const terminal = openTerminal(life, ['sleep', '4733']);
    await held.first;
    await terminal.cut();
    held.release();
    await hasNoNotes();
    expect(await processes('sleep 4733')).toEqual([]);
  });

  it('a health check has failed when its time is up', async () => {
    const path = `/tmp/dockup-silent-exec-${process.pid}.sock`;
    const silent = createServer().listen(path);
    const { host } = await fixture.reopen({ socketPath: path });
    const check = { kind: 'command' as const, command: ['true'], interval: 1, timeout: 1, grace: 1 };
    expect(await probe(host.engine, { check, container, address: '', port: null, host: '' }, signal)).toEqual({ isHealthy: false, answer: 'no answer within 1 s' });
    silent.close();
  });
});

describe('REL-19 what a killed executor leaves in containers', () => {
  it('is ended by the next one, which leaves its own commands alone', async () => {
    const killed = await fixture.reopen();
    openTerminal(killed, ['sh', '-c', 'trap "" HUP; sleep 4734 & sleep 4734']);
    const forgotten = run(killed, ['sleep', '4735'], 60);
    await Promise.all([runs('sleep 4734'), runs('sleep 4735')]);

    const next = await fixture.reopen();
    const own = openTerminal(next, ['sleep', '4736']);
    await runs('sleep 4736');
    const stop = new AbortController();
    const watching = keepWatch({ ...next, reportInterval: () => 30, signal: stop.signal });
    await Promise.all([isGone('sleep 4734'), isGone('sleep 4735')]);
    expect(await processes('sleep 4736')).toHaveLength(1);
    expect(await forgotten).toMatchObject({ exit_code: 129 });
    await own.cut();
    stop.abort();
    await watching;
    await hasNoNotes();
  });

  it('is nothing when its commands had ended', async () => {
    await run(fixture, ['echo'], 10);
    await run(fixture, ['sleep', '4737'], 1).catch(() => undefined);
    await run(fixture, ['nonesuch'], 10).catch(() => undefined);
    expect(await notes()).toEqual([]);
  });
});
