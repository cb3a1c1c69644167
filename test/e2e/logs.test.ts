/** The log of an app over the public API: the last lines, as a WebSocket, and as server-sent events. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { deployment } from '../../shared/api/deployments.ts';
import { logPage } from '../../shared/api/logs.ts';
import { logEntry, type LogEntry } from '../../shared/protocol/logs.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { images } from '../support/images.ts';
import { openSocket } from '../support/socket-client.ts';

const counting = (name: string) => ['/bin/sh', '-c', `echo "${name} begins" >&2; i=0; while true; do i=$((i+1)); echo "${name} $i"; sleep 0.1; done`];
const numbers = (lines: readonly LogEntry[]) => lines.flatMap(({ text }) => /^\w+ (\d+)$/.exec(text)?.[1] ?? []).map(Number);
/** A container that exits may be started again before its deployment is given up. */
const distinct = (lines: readonly LogEntry[]) => [...new Set(lines.map(({ stream, text }) => `${stream}: ${text}`))];
const isSequence = (found: readonly number[]) => found.every((number, i) => i === 0 || number === (found[i - 1] ?? 0) + 1);

describe('the log of an app', () => {
  let dockup: Dockup;
  let projectId: string;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    projectId = (await dockup.createProject()).id;
    await dockup.createApp(projectId, { name: 'teller', slug: 'teller', image: images.busybox, internal_port: null, command: counting('first'), stop_timeout: 1 });
    await dockup.deploy('teller');
  });
  afterAll(() => dockup.stop());

  const read = async (query = '') => (await dockup.expect(200, logPage, dockup.request('GET', `/api/v1/apps/teller/logs?${query}`))).data;
  const change = (command: string[]) => dockup.request('PUT', '/api/v1/apps/teller', { body: { command } });
  const streamPath = (query: string) => `/api/v1/apps/teller/logs/stream?${query}`;

  async function follow(query: string) {
    const client = await openSocket({ url: dockup.url, path: streamPath(`${query}&token=${dockup.credentials.api_key}`) });
    const entries = () => client.text().split('\n').filter(Boolean).map((line) => logEntry.parse(JSON.parse(line)));
    return { ...client, entries };
  }

  /** As in a shell: `curl -N`. Resolves with its events once there are so many. */
  async function curl(query: string, count: number, headers: string[] = []): Promise<LogEntry[]> {
    const flags = [`Authorization: Bearer ${dockup.credentials.api_key}`, 'Accept: text/event-stream', ...headers].flatMap((header) => ['-H', header]);
    const child = spawn('curl', ['-sN', ...flags, dockup.url + streamPath(query)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const data = () => output.split('\n\n').slice(0, -1).flatMap((event) => /^data: (.*)$/m.exec(event)?.[1] ?? []);
    try {
      await expect.poll(() => data().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
    } finally {
      child.kill();
    }
    return data().slice(0, count).map((line) => logEntry.parse(JSON.parse(line)));
  }

  test('is read by number, time, stream and text', async () => {
    await expect.poll(async () => (await read()).length, { timeout: 20_000 }).toBeGreaterThan(15);
    const all = await read('tail=5000');
    expect(isSequence(numbers(all))).toBe(true);
    expect(await read('tail=3')).toHaveLength(3);
    expect((await read('stream=stderr')).map(({ text }) => text)).toEqual(['first begins']);
    expect((await read('search=FIRST%2010')).map(({ text }) => text)).toContain('first 10');
    expect((await read('search=no%20such%20words')).length).toBe(0);
    const { time = '' } = all[8] ?? {};
    const second = Math.floor(Date.parse(time) / 1000) + 1;
    for (const moment of [String(second), new Date(second * 1000).toISOString()]) {
      expect((await read(`since=${moment}&tail=5000`)).every((line) => Date.parse(line.time) >= second * 1000)).toBe(true);
      expect((await read(`until=${moment}&tail=5000`)).every((line) => Date.parse(line.time) < second * 1000)).toBe(true);
    }
    expect((await read('since=1h&tail=5000')).length).toBeGreaterThan(15);
    const after = await read(`since=${all[5]?.cursor}&tail=5000`);
    expect(after.slice(0, all.length - 6).map(({ text }) => text)).toEqual(all.slice(6).map(({ text }) => text));
  });

  test.each(['tail=0', 'tail=5001', 'tail=x', 'stream=stdin', 'since=yesterday', 'until=soon', 'search=', 'deployment=x', 'since=c1.nonsense', 'lines=5'])('is not read with ?%s', async (query) => {
    const reply = await dockup.request('GET', `/api/v1/apps/teller/logs?${query}`);
    expect(reply).toMatchObject({ status: 422, body: { code: expect.stringMatching(/^(invalid_value|out_of_range|too_short|unknown_field|wrong_type)$/) } });
  });

  test('is not read of a deployment that is not one of the app', async () => {
    const unknown = 'dep_1k3m8v0qz9x4c7b2n5h6t0';
    for (const path of [`/api/v1/apps/teller/logs?deployment=${unknown}`, streamPath(`deployment=${unknown}`)]) {
      expect(await dockup.request('GET', path)).toMatchObject({ status: 404, body: { code: 'deployment_not_found' } });
    }
  });

  test('REL-18 comes as it is written over a WebSocket, and goes on by cursor after a cut', async () => {
    const first = await follow('tail=2');
    await expect.poll(() => first.entries().length, { timeout: 20_000 }).toBeGreaterThan(6);
    await first.close();
    const seen = first.entries();
    await sleep(500);
    const second = await follow(`since=${seen.at(-1)?.cursor}`);
    await expect.poll(() => second.entries().length, { timeout: 20_000 }).toBeGreaterThan(8);
    await second.close();
    const all = numbers([...seen, ...second.entries()]);
    expect(all.length).toBeGreaterThan(14);
    expect(isSequence(all)).toBe(true);
  });

  test('REL-18 comes as server-sent events; Last-Event-ID goes on where it was cut', async () => {
    const seen = await curl('tail=2', 6);
    const rest = await curl('tail=2', 6, [`Last-Event-ID: ${seen.at(-1)?.cursor}`]);
    expect(numbers([...seen, ...rest])).toHaveLength(12);
    expect(isSequence(numbers([...seen, ...rest]))).toBe(true);
    expect(new Set((await curl('search=begins', 1)).map(({ stream }) => stream))).toEqual(new Set(['stderr']));
  });

  test('is refused as a stream to whoever may not read it, and for what cannot be asked', async () => {
    const refused = await openSocket({ url: dockup.url, path: streamPath('token=dkp_nobody') });
    expect((await refused.closed).code).toBe(4401);
    const foreign = await openSocket({ url: dockup.url, path: `/api/v1/apps/no-such-app/logs/stream?token=${dockup.credentials.api_key}` });
    expect((await foreign.closed).code).toBe(4404);
    expect(await dockup.request('GET', streamPath('tail=5001'))).toMatchObject({ status: 422 });
    expect(await dockup.request('GET', streamPath('since=yesterday'))).toMatchObject({ status: 422, body: { code: 'invalid_value' } });
    expect(await dockup.request('GET', streamPath('tail=1'), { token: null })).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  test('goes on through a deploy, and what was replaced stays readable', async () => {
    const stream = await follow('tail=0');
    const before = (await read('tail=1'))[0]?.deployment ?? '';
    await change(counting('second'));
    const { id } = await dockup.deploy('teller');
    await expect.poll(() => stream.entries().some(({ text }) => text === 'second 5'), { timeout: 20_000 }).toBe(true);
    await stream.close();
    const [old, fresh] = [before, id].map((deployment) => numbers(stream.entries().filter((line) => line.deployment === deployment)));
    expect([old, fresh].map((found) => isSequence(found ?? []))).toEqual([true, true]);
    expect(fresh?.[0]).toBe(1);
    await expect.poll(async () => (await read(`deployment=${before}&tail=5000`)).length, { timeout: 20_000 }).toBeGreaterThan(20);
    expect((await read(`deployment=${before}&stream=stderr`)).map(({ text }) => text)).toEqual(['first begins']);
    expect(new Set((await read('tail=5000')).map(({ deployment }) => deployment))).toEqual(new Set([before, id]));
  });

  test('REL-14 keeps the lines of a deployment that failed', async () => {
    await change(['/bin/sh', '-c', 'echo these are my last words; exit 7']);
    const { deployment: failed } = await dockup.deployBadly('teller');
    expect(distinct(await read(`deployment=${failed.id}`))).toEqual(['stdout: these are my last words']);
    expect(distinct(await read('search=LAST%20words'))).toEqual(['stdout: these are my last words']);
  });

  test('REL-14 is there when the very first deployment failed', async () => {
    await dockup.createApp(projectId, { name: 'still-born', slug: 'still-born', image: images.busybox, internal_port: null, command: ['/bin/sh', '-c', 'echo never well >&2; exit 1'] });
    expect(await dockup.request('GET', '/api/v1/apps/still-born/logs')).toMatchObject({ status: 409, body: { code: 'app_not_deployed' } });
    await dockup.deployBadly('still-born');
    const { data } = await dockup.expect(200, logPage, dockup.request('GET', '/api/v1/apps/still-born/logs'));
    expect(distinct(data)).toEqual(['stderr: never well']);
  });

  test('of one deployment is heard by clients of Dokploy from its beginning to its end, as it is and afterwards', async () => {
    await dockup.createApp(projectId, { name: 'announcer', slug: 'announcer', image: images.busybox, internal_port: null, command: ['/bin/sh', '-c', 'echo on air; exit 3'] });
    const hear = async () => {
      const { id } = await dockup.expect(202, deployment, dockup.request('POST', '/api/v1/apps/announcer/deploy'));
      const path = `/listen-deployment?logPath=${id}&token=${dockup.credentials.api_key}`;
      const clients = [await openSocket({ url: dockup.url, path })];
      await clients[0]?.closed;
      clients.push(await openSocket({ url: dockup.url, path }));
      const closed = await Promise.all(clients.map((client) => client.closed));
      expect(closed).toEqual(clients.map(() => ({ code: 1000, reason: '' })));
      return clients.map((client) => [...new Set(client.text().trimEnd().split('\n').map((line) => line.replace(/^\S+Z /, '')))]);
    };
    const requested = `Deployment of ${images.busybox} requested`;
    const [failing, failed] = await hear();
    // Of phases that follow each other at once the last is told.
    const phase = expect.stringMatching(/container$|is healthy$/);
    expect(failing).toEqual(expect.arrayContaining([requested, phase, 'on air']));
    expect(failing?.at(-1)).toMatch(/^Deployment failed: /);
    expect(failed).toEqual([requested, 'on air', failing?.at(-1)]);
    await dockup.request('PUT', '/api/v1/apps/announcer', { body: { command: ['/bin/sh', '-c', 'echo on air; sleep 3600'] } });
    const [succeeding, succeeded] = await hear();
    expect(succeeding).toEqual(expect.arrayContaining([requested, phase, 'on air']));
    expect(succeeding?.at(-1)).toBe('Deployment succeeded');
    expect(succeeded).toEqual([requested, 'on air', 'Deployment succeeded']);
  });

  test('can be read while the app is stopped', async () => {
    expect(await dockup.request('POST', '/api/v1/apps/teller/stop')).toMatchObject({ status: 200 });
    const lines = await read('tail=5');
    expect(lines).toHaveLength(5);
    expect((await curl('tail=5', 5)).map(({ cursor, text }) => [cursor, text])).toEqual(lines.map(({ cursor, text }) => [cursor, text]));
  });
});
