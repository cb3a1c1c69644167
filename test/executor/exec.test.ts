/** Commands in containers, without a terminal and on one, on the real engine. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../executor/docker/policy.ts';
import { probe } from '../../executor/observe/probe.ts';
import type { Params } from '../../shared/protocol/calls.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { ensureImages } from '../support/images.ts';
import { docker, engineSocket, eventually, openHostFixture, type HostFixture, type Life } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';
import { openStream, type StreamClient } from './stream-client.ts';
import { createEngineGate } from '../support/engine-gate.ts';
import { heldMemory } from '../support/held-memory.ts';

let fixture: HostFixture;
let app: string;
const { signal } = new AbortController();

beforeAll(async () => {
  await ensureImages();
  fixture = await openHostFixture();
  app = await deployed(fixture);
});
afterAll(() => fixture.close());

async function deployed(host: HostFixture): Promise<string> {
  const spec = makeSpec();
  expect(await host.deploy(spec)).toMatchObject({ status: 'succeeded' });
  return spec.app;
}

const run = (cmd: string[], change: Partial<Params<'exec'>> = {}, on: AbortSignal = signal) => fixture.handlers.exec({ app, cmd, stdin: null, timeout: 30, ...change }, on);
const shell = (script: string, change: Partial<Params<'exec'>> = {}) => run(['sh', '-c', script], change);

interface TerminalOptions {
  life?: Pick<Life, 'streamHandlers' | 'host'>;
  of?: string;
  idle?: number;
  credit?: number;
  isStalled?: boolean;
}

function openTerminal(cmd: string[], { life = fixture, of = app, idle = 60, ...options }: TerminalOptions = {}): StreamClient {
  return openStream('exec', { app: of, cmd, cols: 80, rows: 24, idle_timeout: idle }, { handlers: life.streamHandlers, log: life.host.log, ...options });
}

/** Processes in the app's container whose command line holds the text. */
async function processes(text: string, of = app): Promise<string[]> {
  const container = (await fixture.containers()).find(({ Labels }) => Labels['dockup.app'] === of);
  const top: { Processes: string[][] } = await docker.getContainer(container?.Id ?? '').top();
  return top.Processes.map((row) => row.join(' ')).filter((line) => line.includes(text));
}
const runs = (text: string) => eventually(async () => (await processes(text)).length > 0 || undefined);

describe('REL-19 a command', () => {
  it.each([
    ['0', 'exit 0', 0],
    ['1', 'exit 1', 1],
    ['42', 'exit 42', 42],
    ['127, its own', 'exit 127', 127],
    ['137 when it is killed', 'kill -9 $$', 137],
    ['143 when it is asked to end', 'kill -15 $$', 143],
  ])('tells its exit code: %s', async (_name, script, code) => {
    expect(await shell(script)).toEqual({ exit_code: code, stdout: '', stderr: '', truncated: false });
  });

  it('has what it wrote, kept apart', async () => {
    expect(await shell('echo out; echo wrong >&2; printf "\\377 ü"')).toEqual({ exit_code: 0, stdout: 'out\n\ufffd ü', stderr: 'wrong\n', truncated: false });
  });

  it('gets its arguments as they are: no shell reads them (SEC-06)', async () => {
    const nasty = ['; rm -rf /', '$(id)', '`id`', '| cat', "'", '"', '\n', '--help', ''];
    expect((await run(['printf', '%s\\0', ...nasty])).stdout).toBe(nasty.map((text) => `${text}\0`).join(''));
  });

  it('reads the input to its end', async () => {
    const text = 'line ü\n'.repeat(20_000);
    const { stdout, exit_code } = await run(['cat'], { stdin: text });
    expect({ exit_code, isWhole: stdout === text }).toEqual({ exit_code: 0, isWhole: true });
    expect(await run(['cat'], { stdin: '' })).toMatchObject({ exit_code: 0, stdout: '' });
    expect(await shell('cat; echo end')).toMatchObject({ exit_code: 0, stdout: 'end\n' });
  });

  it('may leave its input unread', async () => {
    expect(await shell('exit 3', { stdin: 'x'.repeat(1024 * 1024) })).toMatchObject({ exit_code: 3 });
  });

  it('keeps the end of what it writes, in memory that does not grow', async () => {
    const before = heldMemory();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, heldMemory() - before)), 100);
    const { stdout, truncated, exit_code } = await shell('/bin/busybox yes 0123456789abcdef | /bin/busybox head -c 100000000; echo; echo the end').finally(() => clearInterval(watch));
    expect({ truncated, exit_code }).toEqual({ truncated: true, exit_code: 0 });
    expect(stdout).toHaveLength(limits.execOutput);
    expect(stdout.endsWith('\nthe end\n')).toBe(true);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(20_000_000);
  });

  it('answers in a size that fits, whatever it writes', async () => {
    const result = await shell('/bin/busybox head -c 1048576 /dev/zero; /bin/busybox head -c 1048576 /dev/zero >&2');
    expect(result.truncated).toBe(true);
    expect(JSON.stringify(result).length).toBeLessThan(limits.messageLength);
  });

  it('is ended when its time is up, with all it has started', async () => {
    expect(await shell('echo begun; trap "" HUP; sleep 4711 & sleep 4711', { timeout: 1 })).toEqual({ exit_code: null, stdout: 'begun\n', stderr: '', truncated: false });
    expect(await processes('sleep 4711')).toEqual([]);
  });

  it('is ended when nobody waits for it any more', async () => {
    const caller = new AbortController();
    const running = run(['sleep', '4712'], {}, caller.signal);
    await runs('sleep 4712');
    caller.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    expect(await processes('sleep 4712')).toEqual([]);
  });

  it('runs beside another one', async () => {
    const [slow, quick] = await Promise.all([shell('sleep 1; echo slow'), shell('echo quick')]);
    expect([slow.stdout, quick.stdout]).toEqual(['slow\n', 'quick\n']);
  });

  it.each([
    [['nonesuch'], '127', 'executable file not found'],
    [['/bin/nonesuch'], '127', 'no such file'],
    [['/www'], '126', 'permission denied'],
  ])('that cannot be run is refused in the words of the engine: %j', async (cmd, exitCode, words) => {
    await expect(run(cmd)).rejects.toMatchObject({ code: 'exec_failed', message: expect.stringMatching(new RegExp(`${words}.*exit code ${exitCode}`)) });
  });
});

describe('REL-19 a terminal', () => {
  it('tells the exit code of its command', async () => {
    expect(await openTerminal(['sh', '-c', 'exit 42']).ended).toEqual({ exit_code: 42 });
  });

  it('is a conversation', async () => {
    const terminal = openTerminal(['sh']);
    terminal.send('echo $((40 + 2)) > /dev/tty; test -t 0 && echo "is a terminal"\n');
    await terminal.sees('42\r\n');
    await terminal.sees('is a terminal\r\n');
    terminal.send('exit 7\n');
    expect(await terminal.ended).toEqual({ exit_code: 7 });
  });

  it('has the size it was opened with, and every later one', async () => {
    const terminal = openTerminal(['sh', '-c', 'trap "/bin/busybox stty size" WINCH; sleep 0.3; /bin/busybox stty size; while :; do sleep 0.1; done']);
    await terminal.sees('24 80');
    terminal.resize(132, 43);
    await terminal.sees('43 132');
    terminal.resize(100, 20);
    terminal.resize(101, 21);
    await terminal.sees('21 101');
    terminal.close();
    expect(terminal.output().toString().match(/\d+ \d+/)?.[0]).toBe('24 80');
  });

  it('carries all 256 byte values both ways, in one piece and one by one', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const terminal = openTerminal(['sh', '-c', '/bin/busybox stty raw -echo; echo ready; exec cat']);
    await terminal.sees('ready\n');
    const begin = terminal.output().length;
    terminal.send(bytes);
    await eventually(() => terminal.output().length === begin + 256 || undefined);
    for (const byte of bytes) terminal.send(Buffer.of(byte));
    await eventually(() => terminal.output().length === begin + 512 || undefined);
    expect(terminal.output().subarray(begin)).toEqual(Buffer.concat([bytes, bytes]));
    terminal.close();
  });

  it('takes a large paste without losing a byte', async () => {
    const paste = Buffer.alloc(1024 * 1024, 'abcdefghijklmnop');
    const terminal = openTerminal(['sh', '-c', '/bin/busybox stty raw -echo; echo ready; /bin/busybox head -c 1048576 | /bin/busybox sha256sum']);
    await terminal.sees('ready\n');
    for (let at = 0; at < paste.length; at += limits.streamWindow / 4) {
      // The window is the reader's to keep: as much again goes when that much has been taken.
      await eventually(() => terminal.allowed() >= limits.streamWindow / 4 || undefined);
      terminal.send(paste.subarray(at, at + limits.streamWindow / 4));
    }
    await terminal.sees('d3d2f23d');
    expect(await terminal.ended).toEqual({ exit_code: 0 });
  });

  it('waits for a reader that stalls: the process is blocked, and memory stays flat', async () => {
    const terminal = openTerminal(['sh', '-c', 'exec /bin/busybox yes 0123456789abcdef'], { credit: 100_000, isStalled: true });
    await eventually(() => terminal.output().length === 100_000 || undefined);
    const pid = await eventually(async () => (await processes('busybox yes'))[0]?.split(/\s+/)[1]);
    const cpu = async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ').slice(13, 15).join();
    // Blocked is: it has used no time between two looks.
    let last = '';
    await eventually(async () => {
      const now = await cpu();
      const isBlocked = now === last;
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return isBlocked || undefined;
    });
    expect(terminal.output()).toHaveLength(100_000);
    terminal.allow(50_000);
    await eventually(() => terminal.output().length === 150_000 || undefined);
    terminal.close();
  });

  it.each<[string, (terminal: StreamClient) => void]>([
    ['its reader leaves', (terminal) => terminal.close()],
    ['the link breaks', (terminal) => void terminal.cut()],
  ])('ends its processes when %s, also those that ignore the hang-up', async (_name, leave) => {
    const terminal = openTerminal(['sh', '-c', 'trap "" HUP; sleep 4713 & sleep 4713']);
    await runs('sleep 4713');
    leave(terminal);
    expect(await eventually(async () => (await processes('sleep 4713')).length === 0 || undefined)).toBe(true);
  });

  it('ends its process when the reader leaves before it has begun', async () => {
    const terminal = openTerminal(['sleep', '4714']);
    terminal.close();
    await terminal.cut();
    expect(await processes('sleep 4714')).toEqual([]);
  });

  it('ends while the link that breaks waits for it', async () => {
    const terminal = openTerminal(['sleep', '4715']);
    await runs('sleep 4715');
    await terminal.cut();
    expect(await processes('sleep 4715')).toEqual([]);
  });

  it('leaves other processes of the container alone', async () => {
    const [one, other] = [openTerminal(['sleep', '4716']), openTerminal(['sleep', '4717'])];
    await Promise.all([runs('sleep 4716'), runs('sleep 4717')]);
    await one.cut();
    expect(await processes('sleep 4716')).toEqual([]);
    expect(await processes('sleep 4717')).toHaveLength(1);
    expect(await processes('httpd')).not.toEqual([]);
    await other.cut();
  });

  it('is ended when nothing was said for as long as it may be silent', async () => {
    const terminal = openTerminal(['sleep', '4718'], { idle: 1 });
    expect(await terminal.ended).toMatchObject({ code: 'deadline_exceeded', message: expect.stringContaining('1 s') });
    expect(await processes('sleep 4718')).toEqual([]);
  });

  it('is not idle while it writes', async () => {
    const terminal = openTerminal(['sh', '-c', 'for i in 1 2 3 4 5; do sleep 0.5; echo $i; done; exit 9'], { idle: 2 });
    expect(await terminal.ended).toEqual({ exit_code: 9 });
  });

  it.each([
    [['nonesuch'], 127, 'executable file not found'],
    [['/www'], 126, 'permission denied'],
  ])('that cannot run its command says so, with an exit code: %j', async (cmd, exitCode, words) => {
    expect(await openTerminal(cmd).ended).toEqual({ code: 'exec_failed', message: expect.stringContaining(words), exit_code: exitCode });
  });
});

describe('a health check command', () => {
  it('that hangs is ended when its time is up', async () => {
    const container = (await fixture.containers()).find(({ Labels }) => Labels['dockup.app'] === app)?.Id ?? '';
    const check = { kind: 'command' as const, command: ['sleep', '4721'], interval: 1, timeout: 1, grace: 1 };
    const result = await probe(fixture.host.engine, { check, container, address: '', port: null, host: '' }, signal);
    expect(result).toEqual({ isHealthy: false, answer: 'no answer within 1 s' });
    expect(await processes('sleep 4721')).toEqual([]);
  });
});

describe('a command is refused, by both doors,', () => {
  const expectRefusal = async (code: string, life: Life = fixture, of = app) => {
    await expect(life.handlers.exec({ app: of, cmd: ['true'], stdin: null, timeout: 5 }, signal)).rejects.toMatchObject({ code });
    expect(await openTerminal(['true'], { life, of }).ended).toMatchObject({ code });
  };

  it('for an app without a container', () => expectRefusal('app_not_deployed', fixture, makeId('app')));

  it('for a stopped app, and for a paused one', async () => {
    const other = await deployed(fixture);
    await fixture.handlers.act({ app: other, action: 'pause' }, signal);
    await expectRefusal('app_not_running', fixture, other);
    await fixture.handlers.act({ app: other, action: 'stop' }, signal);
    await expectRefusal('app_not_running', fixture, other);
  });

  it('SEC-18 where the policy of the server switches it off', async () => {
    await expectRefusal('exec_disabled', await fixture.reopen({ policy: { ...defaultPolicy, exec: false } }));
  });

  it('when the engine is away', async () => {
    await expectRefusal('engine_unreachable', await fixture.reopen({ socketPath: '/nonexistent/docker.sock' }));
  });
});

describe('REL-11 a terminal', () => {
  it('ends with a reason when the engine goes away under it', async () => {
    const gate = await createEngineGate(`/tmp/dockup-exec-gate-${process.pid}.sock`);
    expect(gate.path).not.toBe(engineSocket);
    const terminal = openTerminal(['sh', '-c', 'echo here; exec sleep 4719'], { life: await fixture.reopen({ socketPath: gate.path }) });
    await terminal.sees('here');
    gate.shut();
    expect(await terminal.ended).toMatchObject({ code: 'engine_unreachable' });
    for (const line of await processes('sleep 4719')) process.kill(Number(line.split(/\s+/)[1]), 'SIGKILL');
  });

  it('ends with an exit code when the app is stopped under it', async () => {
    const other = await deployed(fixture);
    const terminal = openTerminal(['sh', '-c', 'echo here; exec sleep 4720'], { of: other });
    await terminal.sees('here');
    await fixture.handlers.act({ app: other, action: 'stop' }, signal);
    expect(await terminal.ended).toEqual({ exit_code: 137 });
  });
});
