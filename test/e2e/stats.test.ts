/** What an app uses: now, second by second, and minute by minute. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { session } from '../../shared/api/auth.ts';
import { problem } from '../../shared/api/common.ts';
import { stats, statsHistory } from '../../shared/api/stats.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { openEventSource } from '../support/event-source.ts';
import { images } from '../support/images.ts';

describe('what an app uses', () => {
  let dockup: Dockup;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    const { id } = await dockup.createProject();
    const busy = { image: images.node, internal_port: null, command: ['/bin/node', '-e', 'globalThis.held = Buffer.alloc(64 * 1024 * 1024, 1); for (;;);'], cpu_limit: 0.3, memory_limit: 256 };
    await dockup.createApp(id, { name: 'Busy', slug: 'busy', ...busy });
    await dockup.createApp(id, { name: 'Idle', slug: 'idle', image: images.busybox });
    await dockup.createApp(id, { name: 'Never', slug: 'never', image: images.busybox });
    await dockup.deploy('busy');
    await dockup.deploy('idle');
  });
  afterAll(() => dockup.stop());

  const read = (slug: string) => dockup.expect(200, stats, dockup.request('GET', `/api/v1/apps/${slug}/stats`));
  const refusal = async (path: string, token?: string) => {
    const reply = await dockup.request('GET', `/api/v1/apps/${path}`, token === undefined ? {} : { token });
    return [reply.status, problem.parse(reply.body).code];
  };

  test('is measured when somebody asks, against its limits', async () => {
    const sample = await read('busy');
    expect(sample.cpu).toBeGreaterThan(5);
    expect(sample.cpu).toBeLessThan(60);
    expect(sample.cpu_of_limit).toBeCloseTo(sample.cpu / 0.3, 0);
    expect(sample.memory).toBeGreaterThan(64);
    expect(sample).toMatchObject({ memory_limit: 256, memory_of_limit: expect.closeTo((sample.memory / 256) * 100, 0) });
    expect(await read('idle')).toMatchObject({ cpu_of_limit: null, memory_limit: null, memory_of_limit: null });
  });

  test('counts what visitors fetch', async () => {
    const before = await read('idle');
    for (let i = 0; i < 20; i++) expect((await dockup.visit('idle')).status).toBe(200);
    const after = await read('idle');
    expect(after.network_rx).toBeGreaterThan(before.network_rx);
    expect(after.network_tx).toBeGreaterThan(before.network_tx);
  });

  test('is on the app itself within 30 s, and again as soon as API and executor have come back', async () => {
    const usage = async () => (await dockup.getApp('busy')).cpu_usage;
    await expect.poll(usage, { timeout: 40_000, interval: 500 }).toBeGreaterThan(5);
    expect((await dockup.getApp('busy')).memory_usage).toBeGreaterThan(64);
    await dockup.halt();
    await dockup.resume();
    await expect.poll(usage, { timeout: 25_000, interval: 500 }).toBeGreaterThan(5);
  });

  test('is followed second by second', async () => {
    const source = await openEventSource({ url: `${dockup.url}/api/v1/apps/busy/stats/stream`, token: dockup.credentials.api_key });
    const samples = [stats.parse((await source.next())?.data), stats.parse((await source.next())?.data)];
    source.leave();
    expect(samples[0]?.time).not.toBe(samples[1]?.time);
    expect(samples[1]?.cpu).toBeGreaterThan(5);
  });

  test('is kept by the minute, and only what was measured', async () => {
    expect(await dockup.expect(200, statsHistory, dockup.request('GET', '/api/v1/apps/never/stats/history'))).toEqual({ data: [] });
    const { data } = await dockup.expect(200, statsHistory, dockup.request('GET', '/api/v1/apps/busy/stats/history?minutes=10080'));
    for (const point of data) expect(point.cpu_max).toBeGreaterThanOrEqual(point.cpu_avg);
  });

  test('is refused for an app that does not run, or never did', async () => {
    expect(await refusal('never/stats')).toEqual([409, 'app_not_deployed']);
    expect((await dockup.request('POST', '/api/v1/apps/idle/stop')).status).toBe(200);
    expect(await refusal('idle/stats')).toEqual([409, 'app_not_running']);
  });

  test.each([['minutes=0', 'out_of_range'], ['minutes=10081', 'out_of_range'], ['minutes=all', 'wrong_type'], ['hours=1', 'unknown_field']])('a history of ?%s is refused', async (query, code) => {
    expect(await refusal(`busy/stats/history?${query}`)).toEqual([422, code]);
  });

  test('SEC-03 is nobody else\'s business', async () => {
    const account = { email: 'stranger@example.com', password: 'twelve-characters' };
    await dockup.request('POST', '/api/v1/users', { body: account });
    const { token } = await dockup.expect(200, session, dockup.request('POST', '/api/v1/auth/login', { token: null, body: account }));
    for (const path of ['busy/stats', 'busy/stats/history', 'busy/stats/stream']) expect(await refusal(path, token)).toEqual([404, 'app_not_found']);
  });
});
