import { expect, test } from 'vitest';
import { problem } from '../../../shared/api/common.ts';
import { stats, statsHistory } from '../../../shared/api/stats.ts';
import { AppError } from '../../../shared/errors.ts';
import type { MinuteUsage, StatsSample } from '../../../shared/protocol/usage.ts';
import { enrolExecutor } from '../../support/fake-executor.ts';
import { connectAndServe, setScene, type Plane } from './scene.ts';

const sample: StatsSample = {
  time: '2026-11-22T18:50:28.123Z', cpu: 12.5, cpu_of_limit: 25, memory: 64.2, memory_limit: 256, memory_of_limit: 25.1, network_rx: 10_240, network_tx: 20_480, block_read: 0, block_write: 4096, pids: 3,
};

export function usageCases(plane: Plane): void {
  const usage = (app: string, cpu: number): MinuteUsage => ({ app, cpu: [cpu, cpu * 2], memory: [64, 70.5], network: [10, 20], block: [0, 4096] });
  const history = async (app: string, query = '') => (await plane().expect(200, statsHistory, plane().request('GET', `/api/v1/apps/${app}/stats/history${query}`))).data;
  /** The minute that has just ended, in minutes since the epoch. */
  const lastMinute = () => Math.floor(Date.now() / 60_000) - 1;

  test('a sample is asked of the executor', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { stats: () => sample });
    expect(await plane().expect(200, stats, plane().request('GET', `/api/v1/apps/${scene.app.slug}/stats`))).toEqual(sample);
    expect(connection.calls('stats').map(({ params }) => params)).toEqual([{ app: scene.app.id }]);
    await connection.close();
  });

  test('a sample of an app that does not run, or whose host is away, is refused with the reason', async () => {
    const scene = await setScene(plane());
    const ask = async () => problem.parse((await plane().request('GET', `/api/v1/apps/${scene.app.slug}/stats`)).body).code;
    expect(await ask()).toBe('app_not_deployed');
    const connection = await connectAndServe(scene, {
      stats: () => {
        throw new AppError('app_not_running');
      },
    });
    expect(await ask()).toBe('app_not_running');
    await connection.close();
    await expect.poll(ask).toBe('executor_offline');
  });

  test('the history is one point a minute, oldest first; a minute that nobody told of is missing', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const last = lastMinute();
    await connection.tell({ kind: 'usage', minute: last - 3, apps: [usage(app.id, 3), usage('app_of_nobody', 99)] });
    await connection.tell({ kind: 'usage', minute: last, apps: [usage(app.id, 1)] });
    await connection.tell({ kind: 'usage', minute: last - 1, apps: [usage('app_of_nobody', 99)] });
    expect(await history(app.slug)).toEqual(
      [last - 3, last].map((minute) => ({
        time: new Date(minute * 60_000).toISOString(),
        cpu_avg: minute === last ? 1 : 3, cpu_max: minute === last ? 2 : 6, memory_avg: 64, memory_max: 70.5, network_rx: 10, network_tx: 20, block_read: 0, block_write: 4096,
      })),
    );
    expect(await history(app.slug, '?minutes=2')).toHaveLength(1);
    await connection.close();
  });

  test('the history is there while the host is down, and takes in what the host tells when it is back', async () => {
    const { executor, app } = await setScene(plane());
    const last = lastMinute();
    const first = await executor.connect();
    await first.tell({ kind: 'usage', minute: last - 2, apps: [usage(app.id, 1)] });
    await first.cut();
    expect((await history(app.slug)).map((point) => point.cpu_avg)).toEqual([1]);
    const second = await executor.connect();
    await second.tell({ kind: 'usage', minute: last - 2, apps: [usage(app.id, 1)] });
    await second.tell({ kind: 'usage', minute: last - 1, apps: [usage(app.id, 2)] });
    expect((await history(app.slug)).map((point) => point.cpu_avg)).toEqual([1, 2]);
    await second.close();
  });

  test('REL-06 a minute that is told again replaces what was told', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    for (const cpu of [5, 6]) await connection.tell({ kind: 'usage', minute: lastMinute(), apps: [usage(app.id, cpu)] });
    expect((await history(app.slug)).map((point) => point.cpu_avg)).toEqual([6]);
    await connection.close();
  });

  test('SEC-17 an executor cannot tell the usage of an app on another server', async () => {
    const { app } = await setScene(plane());
    const stranger = await (await enrolExecutor(plane())).connect();
    await stranger.tell({ kind: 'usage', minute: lastMinute(), apps: [usage(app.id, 99)] });
    expect(await history(app.slug)).toEqual([]);
    await stranger.close();
  });
}
