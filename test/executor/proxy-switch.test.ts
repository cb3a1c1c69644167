import { once } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { poolSize } from '../../executor/proxy/routing-table.ts';
import { type Answer, startLoad, visit } from './proxy-client.ts';
import { type ProxyFixture, routeTo, startProxy } from './proxy-fixture.ts';
import { startUpstream, type Upstream } from './proxy-upstream.ts';

let system: ProxyFixture;
let blue: Upstream;
let green: Upstream;

beforeEach(async () => {
  [system, blue, green] = await Promise.all([startProxy(), startUpstream('blue'), startUpstream('green')]);
  await system.route('shop', blue);
});
afterEach(() => Promise.all([system?.close(), blue?.close(), green?.close()]));

const shop = (path = '/', method = 'GET') => visit(system.httpPort, 'shop.localhost', { path, method });
const outcomeOf = (request: Promise<Answer>) => request.then((answer) => answer.status, () => 'cut');

describe('a switch', () => {
  test('has happened when it resolves: no later request reaches the old target', async () => {
    await system.route('shop', green);
    blue.seen.length = 0;
    const answers = await Promise.all(Array.from({ length: 50 }, () => shop()));
    expect(new Set(answers.map((answer) => answer.body))).toEqual(new Set(['green']));
    expect(blue.seen).toEqual([]);
  });

  test('loses no request under keep-alive load, GET or POST, 50 times in a row (REL-12)', async () => {
    const load = startLoad(system.httpPort, 'shop.localhost');
    for (let i = 0; i < 50; i++) {
      await system.route('shop', i % 2 === 0 ? green : blue);
      expect(await system.proxy.drain('shop', 10)).toEqual({ cut: 0 });
    }
    const { answers, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(Object.keys(answers).sort()).toEqual(['blue', 'blue 1', 'green', 'green 1']);
  });

  test('shares requests between the replicas of a route', async () => {
    await system.route('shop', blue, green);
    const answers = await Promise.all(Array.from({ length: 10 }, () => shop()));
    expect(answers.filter((answer) => answer.body === 'green')).toHaveLength(5);
  });

  test('back to a target that still drains keeps its connections', async () => {
    const slow = shop('/slow');
    await expect.poll(() => blue.seen).toContain('/slow');
    await system.route('shop', green);
    const draining = system.proxy.drain('shop', 10);
    await system.route('shop', blue);
    await draining;
    blue.release();
    expect((await slow).body).toBe('blue at last');
    expect((await shop()).body).toBe('blue');
  });

  test('that HAProxy does not take leaves the old route in place, on disk and for visitors', async () => {
    const before = system.proxy.routes();
    await system.container('proxy').stop({ t: 1 });
    await expect(system.route('shop', green)).rejects.toMatchObject({ code: 'proxy_unavailable' });
    expect(system.proxy.routes()).toEqual(before);
    expect((await system.reopen()).routes()).toEqual(before);
    await system.proxy.ensure();
    expect((await shop()).body).toBe('blue');
  });

  test.each([
    ['a host of another app', { ...routeTo('other'), hosts: ['shop.localhost'] }, 'the host shop.localhost already belongs to shop'],
    ['a host that would be a command', { ...routeTo('other'), hosts: ['x.localhost b1; shutdown'] }, 'is not a host name'],
    ['an address that is a name', { ...routeTo('other'), targets: [{ id: 'a', address: 'blue', port: 80 }] }, 'is not an IPv4 address'],
  ])('with %s is refused and changes nothing', async (_, route, reason) => {
    const before = system.proxy.routes();
    await expect(system.proxy.switchTo(route)).rejects.toMatchObject({ code: 'invalid_value', message: expect.stringContaining(reason) });
    expect(system.proxy.routes()).toEqual(before);
    expect((await shop()).body).toBe('blue');
  });
});

describe('a drain', () => {
  test('waits for a slow request to end, and cuts nothing', async () => {
    const slow = shop('/slow');
    await expect.poll(() => blue.seen).toContain('/slow');
    await system.route('shop', green);
    let isDrained = false;
    const draining = system.proxy.drain('shop', 30).finally(() => (isDrained = true));
    expect((await shop()).body).toBe('green');
    expect(isDrained).toBe(false);
    blue.release();
    expect(await draining).toEqual({ cut: 0 });
    expect((await slow).body).toBe('blue at last');
  });

  test('cuts what is left at its limit, WebSockets included, and says how much', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${system.httpPort}/`, { headers: { host: 'shop.localhost' } });
    const closed = once(socket, 'close');
    await once(socket, 'open');
    const slow = outcomeOf(shop('/slow', 'POST'));
    await expect.poll(() => blue.seen).toContain('/slow');
    await system.route('shop', green);
    const started = performance.now();
    expect(await system.proxy.drain('shop', 1)).toEqual({ cut: 2 });
    expect(performance.now() - started).toBeGreaterThan(1000);
    await closed;
    expect(await slow).not.toBe(200);
  });

  test('gives a GET that it has to cut to the new target: it may be repeated', async () => {
    const slow = shop('/slow');
    await expect.poll(() => blue.seen).toContain('/slow');
    await system.route('shop', green);
    expect(await system.proxy.drain('shop', 0.2)).toEqual({ cut: 1 });
    await expect.poll(() => green.seen).toContain('/slow');
    green.release();
    expect((await slow).body).toBe('green at last');
  });

  test('of an app that has nothing to drain, or that is not known, is over at once', async () => {
    expect(await system.proxy.drain('shop', 30)).toEqual({ cut: 0 });
    expect(await system.proxy.drain('nobody', 30)).toEqual({ cut: 0 });
  });
});

describe('a pool that is used up', () => {
  test('grows by a seamless reload: no request is lost, and what was in flight is still drained', async () => {
    const load = startLoad(system.httpPort, 'shop.localhost');
    const slow = shop('/slow');
    await expect.poll(() => blue.seen).toContain('/slow');
    for (let i = 1; i <= poolSize.backends; i++) await system.route(`app-${i}`, green);
    expect((await visit(system.httpPort, `app-${poolSize.backends}.localhost`)).body).toBe('green');

    await system.route('shop', green);
    let isDrained = false;
    const draining = system.proxy.drain('shop', 30).finally(() => (isDrained = true));
    await expect.poll(async () => (await shop()).body).toBe('green');
    expect(isDrained).toBe(false);
    blue.release();
    expect(await draining).toEqual({ cut: 0 });
    expect((await slow).body).toBe('blue at last');
    expect((await load.stop()).failures).toEqual([]);
  });

  test('keeps the old target in use until clients of the replaced worker have had their last request there', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const client = () => visit(system.httpPort, 'shop.localhost', { agent, method: 'POST' });
    expect((await client()).body).toBe('blue');
    await growSlots();
    await system.route('shop', green);
    let isDrained = false;
    const draining = system.proxy.drain('shop', 30).finally(() => (isDrained = true));
    await sleep(500);
    expect(isDrained).toBe(false);
    expect(await client()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(await draining).toEqual({ cut: 0 });
    expect((await client()).body).toBe('green');
    agent.destroy();
  });

  test('cuts connections of the worker that the reload replaced at the limit of a drain', async () => {
    const slow = outcomeOf(shop('/slow', 'POST'));
    await expect.poll(() => blue.seen).toContain('/slow');
    await growSlots();
    await system.route('shop', green);
    expect(await system.proxy.drain('shop', 0.2)).toEqual({ cut: 1 });
    expect(await slow).not.toBe(200);
  });

  test('grows for more replicas than a backend has slots', async () => {
    await growSlots();
    expect((await shop()).body).toBe('blue');
    expect(system.proxy.routes()[0]?.targets).toHaveLength(poolSize.slots + 1);
  });

  const growSlots = () => {
    const replicas = Array.from({ length: poolSize.slots + 1 }, (_, i) => ({ ...blue, name: i === 0 ? 'blue' : `blue-${i}` }));
    return system.route('shop', ...replicas);
  };
});
