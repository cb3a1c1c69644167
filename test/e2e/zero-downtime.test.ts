/** REL-12: deploys do not lose requests. */
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { requestOnce } from '../support/http.ts';
import { images } from '../support/images.ts';
import { startLoad } from '../support/load.ts';

describe('REL-12 a deploy under load', () => {
  let dockup: Dockup;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    const project = await dockup.createProject();
    await dockup.createApp(project.id, { name: 'web', slug: 'web', image: images.node, internal_port: 80, health_check: { path: '/healthz' }, drain_timeout: 10, stop_timeout: 2, env: { VERSION: 'v0' } });
    await dockup.deploy('web');
  });
  afterAll(() => dockup.stop());

  async function deployVersion(version: string): Promise<void> {
    await dockup.request('PUT', '/api/v1/apps/web', { body: { env: { VERSION: version } } });
    await dockup.deploy('web');
  }

  const target = () => ({ port: dockup.httpPort, host: `web-app.localhost:${dockup.httpPort}` });

  test('loses no request in 12 deploys in a row, and every version gets its turn', async () => {
    const versions = Array.from({ length: 12 }, (_, i) => `v${i + 1}`);
    const load = startLoad(target());
    for (const version of versions) await deployVersion(version);
    await sleep(500);
    const report = await load.stop();

    expect(report.failures).toEqual([]);
    expect([...report.answers.keys()]).toEqual(['v0', ...versions]);
    expect(report.sent).toBeGreaterThan(1_000);
  });

  test('lets a slow request end on the version that took it', async () => {
    await deployVersion('slow');
    const slow = requestOnce({ ...target(), path: '/slow?seconds=4' });
    await sleep(300);
    await deployVersion('fast');
    expect(await slow).toMatchObject({ status: 200, body: 'slow\n' });
    expect((await requestOnce(target())).body).toBe('fast\n');
  });

  test('lets a WebSocket go on until the drain time is over', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${dockup.httpPort}/echo`, { headers: { host: target().host } });
    await once(socket, 'open');
    const echo = async (text: string) => {
      socket.send(text);
      const [reply] = await once(socket, 'message');
      return String(reply);
    };
    expect(await echo('before')).toBe('before');

    const deploying = deployVersion('after-socket');
    await expect.poll(async () => (await requestOnce(target())).body, { timeout: 20_000 }).toBe('after-socket\n');
    expect(await echo('during the drain')).toBe('during the drain');
    const [code] = await once(socket, 'close');
    await deploying;
    expect(code).toBe(1006);
  });

  test('passes a streamed answer on as it comes', async () => {
    const arrivals = await streamArrivals({ ...target(), path: '/stream?seconds=5' });
    // Five ticks, 200 ms apart: buffered anywhere, they would come together.
    expect(arrivals.length).toBeGreaterThanOrEqual(5);
    expect((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThan(500);
  });

  test('tells the app the address and the protocol of the client', async () => {
    const { body } = await requestOnce({ ...target(), path: '/headers' });
    expect(JSON.parse(body)).toMatchObject({ host: target().host, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': target().host });
  });
});

/** When each piece of the answer arrived, in ms. */
function streamArrivals({ port, host, path }: { port: number; host: string; path: string }): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const arrivals: number[] = [];
    get({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      response.on('data', () => arrivals.push(performance.now()));
      response.on('end', () => resolve(arrivals));
    }).on('error', reject);
  });
}
