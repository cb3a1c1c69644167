/** The history of usage lives in the storage of the hub's own object: it outlives the object's sleep and its executor's absence. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { app } from '../../shared/api/apps.ts';
import { project } from '../../shared/api/projects.ts';
import { statsHistory } from '../../shared/api/stats.ts';
import { createUsageHistory } from '../../worker/edge/usage-history.ts';
import type { MinuteUsage } from '../../shared/protocol/usage.ts';
import { bindings, callApi } from './api.ts';
import { connect, enrolExecutor } from './executor.ts';

const usage = (of: string, cpu: number): MinuteUsage => ({ app: of, cpu: [cpu, cpu], memory: [64, 64], network: [1, 2], block: [3, 4] });
const stubOf = ({ serverId }: { serverId: string }) => bindings.HUB.get(bindings.HUB.idFromName(serverId));

test('what was told before an eviction is there after it, also when the executor has gone', async () => {
  const executor = await enrolExecutor();
  const { id } = await callApi('POST', '/api/v1/projects', { body: { name: 'Usage' }, status: 201, schema: project });
  const subject = await callApi('POST', `/api/v1/projects/${id}/apps`, { body: { name: 'used', slug: 'used', image: 'nginx:alpine', server_id: executor.serverId }, status: 201, schema: app });
  const connection = await connect(executor);
  const minute = Math.floor(Date.now() / 60_000) - 1;
  connection.send({ type: 'event', seq: 1, event: { kind: 'usage', minute, apps: [usage(subject.id, 12.5), usage('app_other', 99)] } });
  expect(await connection.next('ack')).toEqual({ type: 'ack', seq: 1 });

  await evictDurableObject(stubOf(executor));
  const read = async () => (await callApi('GET', `/api/v1/apps/${subject.slug}/stats/history`, { status: 200, schema: statsHistory })).data.map((point) => point.cpu_avg);
  expect(await read()).toEqual([12.5]);
  connection.socket.close(1000, 'bye');
  expect(await read()).toEqual([12.5]);
});

test('it goes with its server', async () => {
  const executor = await enrolExecutor();
  const connection = await connect(executor);
  connection.send({ type: 'event', seq: 1, event: { kind: 'usage', minute: Math.floor(Date.now() / 60_000), apps: [usage('app_1', 1)] } });
  await connection.next('ack');
  const count = () => runInDurableObject(stubOf(executor), (_instance, { storage }) => storage.sql.exec<{ count: number }>('select count(*) as count from usage_history').one().count);
  expect(await count()).toBe(1);
  await callApi('DELETE', `/api/v1/servers/${executor.serverId}`, { status: 204, schema: z.undefined() });
  expect(await count()).toBe(0);
});

test('rows older than seven days go, once an hour, and are not told before', async () => {
  const executor = await enrolExecutor();
  const week = 7 * 24 * 60;
  const minute = Math.floor(Date.UTC(2026, 0) / 60_000);
  await runInDurableObject(stubOf(executor), async (_instance, { storage }) => {
    const history = createUsageHistory(storage.sql, () => minute * 60_000);
    const count = () => storage.sql.exec<{ count: number }>('select count(*) as count from usage_history').one().count;
    for (const age of [week + 1, week - 1, 1]) await history.put('', minute - age, [usage('app_1', age)]);
    expect(count()).toBe(3);
    expect((await history.read('', 'app_1', 0)).map((point) => minute - point.minute)).toEqual([week - 1, 1]);
    await history.put('', minute, [usage('app_1', 0)]);
    expect(count()).toBe(3);
    await history.put('', minute, [usage('app_1', 7)]);
    expect((await history.read('', 'app_1', minute)).map((point) => point.cpu)).toEqual([[7, 7]]);
  });
});
