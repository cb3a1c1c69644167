import { expect, test } from 'vitest';
import { eventPage } from '../../../shared/api/events.ts';
import { server } from '../../../shared/api/servers.ts';
import type { DiskEvent, StatusEvent } from '../../../shared/protocol/events.ts';
import type { DiskLevel } from '../../../shared/status.ts';
import { enrolExecutor } from '../../support/fake-executor.ts';
import { accepting, progress, requestDeploy, setScene, type Plane } from './scene.ts';

export function eventCases(plane: Plane): void {
  const transition = (app: string, status: StatusEvent['status'], at: number, reason: string | null = null): StatusEvent => ({ kind: 'status', app, status, reason, at });
  const statusEvents = async (app: string) => {
    const page = await plane().expect(200, eventPage, plane().request('GET', `/api/v1/apps/${app}/events`));
    return page.data.filter((event) => event.type === 'app.status').map((event) => event.data['status']).reverse();
  };

  const listTypes = async (app: string, query: string) =>
    (await plane().expect(200, eventPage, plane().request('GET', `/api/v1/apps/${app}/events${query}`))).data.map(({ type, data }) => [type, data]);

  test('a transition reaches the app within 2 s, with its reason', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    connection.send({ type: 'event', seq: 1, event: transition(app.id, 'crashed', Date.now(), 'exit code 137, out of memory') });
    await expect.poll(() => plane().getApp(app.id), { timeout: 2_000 }).toMatchObject({ status: 'crashed', status_reason: 'exit code 137, out of memory' });
    await connection.close();
  });

  test('REL-06 events are taken in and acknowledged in order', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const statuses = ['starting', 'running', 'unhealthy', 'running', 'paused', 'stopped'] as const;
    const now = Date.now();
    statuses.forEach((status, i) => connection.send({ type: 'event', seq: i + 1, event: transition(app.id, status, now + i) }));
    const acknowledged = await connection.until((received) => {
      const acks = received.filter((message) => message.type === 'ack').map((message) => message.seq);
      return acks.length === statuses.length ? acks : undefined;
    });
    expect(acknowledged).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await statusEvents(app.id)).toEqual(statuses);
    await connection.close();
  });

  test('REL-06 a repeated event is acknowledged and dropped', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const now = Date.now();
    await connection.tell(transition(app.id, 'running', now), 1);
    await connection.tell(transition(app.id, 'paused', now + 1), 2);
    await connection.tell(transition(app.id, 'running', now + 2), 1);
    expect(await plane().getApp(app.id)).toMatchObject({ status: 'paused' });
    expect(await statusEvents(app.id)).toEqual(['running', 'paused']);
    await connection.close();
  });

  test('REL-06 an event told again after a reconnect changes nothing', async () => {
    const { executor, app } = await setScene(plane());
    const event = transition(app.id, 'running', Date.now());
    const first = await executor.connect();
    await first.tell(event);
    await first.cut();
    const second = await executor.connect();
    await second.tell(event);
    expect(await statusEvents(app.id)).toEqual(['running']);
    await second.close();
  });

  test('REL-21 an older fact never overwrites a newer one', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const now = Date.now();
    await connection.tell(transition(app.id, 'paused', now));
    await connection.tell(transition(app.id, 'running', now - 1));
    await connection.tell(transition(app.id, 'stopped', now));
    expect(await plane().getApp(app.id)).toMatchObject({ status: 'paused' });
    await connection.tell(transition(app.id, 'running', now + 1));
    expect(await plane().getApp(app.id)).toMatchObject({ status: 'running' });
    await connection.close();
  });

  test('SEC-17 an executor cannot speak of an app on another server', async () => {
    const { executor, app } = await setScene(plane());
    const own = await executor.connect();
    await own.tell(transition(app.id, 'running', Date.now()));
    const stranger = await (await enrolExecutor(plane())).connect();
    await stranger.tell(transition(app.id, 'crashed', Date.now() + 1_000));
    await stranger.tell({ kind: 'report', at: Date.now() + 1_000, engine: 'reachable', apps: [{ app: app.id, status: 'crashed', cpu: 99, memory: 9_999 }] });
    expect(await plane().getApp(app.id)).toMatchObject({ status: 'running', cpu_usage: 0, memory_usage: 0 });
    await own.close();
    await stranger.close();
  });

  test('REL-21 a report repairs what a lost transition left behind', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const now = Date.now();
    await connection.tell(transition(app.id, 'running', now));
    await connection.tell({ kind: 'report', at: now + 1, engine: 'reachable', apps: [{ app: app.id, status: 'unhealthy', cpu: 12.5, memory: 64 }] });
    expect(await plane().getApp(app.id)).toMatchObject({ status: 'unhealthy', cpu_usage: 12.5, memory_usage: 64 });
    await connection.tell({ kind: 'report', at: now + 2, engine: 'reachable', apps: [] });
    expect(await plane().getApp(app.id)).toMatchObject({ status: 'stopped', status_reason: 'its container is gone: it was removed outside Dockup', cpu_usage: 0, memory_usage: 0 });
    await connection.close();
  });

  test('REL-11 nothing is concluded from an engine that does not answer', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const now = Date.now();
    await connection.tell(transition(app.id, 'running', now));
    await connection.tell({ kind: 'report', at: now + 1, engine: 'unreachable', apps: [] });
    expect(await plane().getApp(app.id)).toMatchObject({ status: 'running', server_status: 'degraded' });
    await connection.close();
  });

  test('health that turns is told with what the probe answered, both ways', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const now = Date.now();
    await connection.tell(transition(app.id, 'running', now));
    await connection.tell(transition(app.id, 'unhealthy', now + 1, 'health check failed: 503 no database'));
    await connection.tell(transition(app.id, 'running', now + 2, 'health check passes again: 200 ok'));
    expect(await listTypes(app.id, '?type=app.healthy')).toEqual([['app.healthy', { reason: 'health check passes again: 200 ok', previous: 'health check failed: 503 no database' }]]);
    expect(await listTypes(app.id, '?type=app.unhealthy')).toEqual([['app.unhealthy', { reason: 'health check failed: 503 no database' }]]);
    await connection.close();
  });

  test('want of memory is told once, also when it is told again after a cut', async () => {
    const { executor, app } = await setScene(plane());
    const oom = (at: number) => ({ kind: 'oom', app: app.id, deployment: 'dep_1', at }) as const;
    const now = Date.now();
    const first = await executor.connect();
    await first.tell(oom(now));
    await first.cut();
    const second = await executor.connect();
    await second.tell(oom(now));
    await second.tell(oom(now + 60_000));
    expect(await listTypes(app.id, '?type=app.oom')).toEqual([['app.oom', { deployment_id: 'dep_1', at: now + 60_000 }], ['app.oom', { deployment_id: 'dep_1', at: now }]]);
    await second.close();
    const stranger = await (await enrolExecutor(plane())).connect();
    await stranger.tell(oom(now + 120_000));
    expect(await listTypes(app.id, '?type=app.oom')).toHaveLength(2);
    await stranger.close();
  });

  test('REL-15 how full the disks of a server are is on the server, as its newest executor tells', async () => {
    const { executor } = await setScene(plane());
    const disksOf = async () => (await plane().expect(200, server, plane().request('GET', `/api/v1/servers/${executor.serverId}`))).disks;
    const fact = (free: number, level: DiskLevel): DiskEvent => ({ kind: 'disk', at: Date.now(), disks: [{ path: '/var/lib/docker', total: 1000, free, level }] });
    expect(await disksOf()).toEqual([]);
    const first = await executor.connect();
    await first.tell(fact(175, 'warning'));
    expect(await disksOf()).toEqual([{ path: '/var/lib/docker', total: 1000, free: 175, used_percent: 82.5, level: 'warning' }]);
    const second = await executor.connect();
    await second.tell(fact(500, 'ok'));
    expect(await disksOf()).toMatchObject([{ used_percent: 50, level: 'ok' }]);
    await second.close();
  });

  test('cancelling a deployment is told with who asked, whether it waits or runs', async () => {
    const { executor, app } = await setScene(plane());
    const cancel = (id: string) => plane().request('POST', `/api/v1/deployments/${id}/cancel`);
    const actors = async () => (await plane().expect(200, eventPage, plane().request('GET', `/api/v1/apps/${app.id}/events?type=deployment.cancel`))).data.map(({ type, actor }) => [type, actor.slice(0, 3)]);
    const waiting = await requestDeploy(plane(), app, '?queue=true');
    expect((await cancel(waiting.id)).status).toBe(200);
    expect(await actors()).toEqual([['deployment.cancelled', 'usr']]);
    const connection = await executor.connect({ ...accepting, cancel_deploy: () => ({ cancelled: true }) });
    const running = await requestDeploy(plane(), app);
    await connection.tell(progress(running, { phase: 'pull' }));
    const cancelled = cancel(running.id);
    await connection.until(() => connection.calls('cancel_deploy')[0]);
    await connection.tell(progress(running, { status: 'cancelled', phase: 'pull' }));
    await cancelled;
    expect((await actors()).slice(0, 2).sort()).toEqual([['deployment.cancel_requested', 'usr'], ['deployment.cancelled', 'sys']]);
    await connection.close();
  });

  test('events are listed by what their type begins with, page by page', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect();
    const now = Date.now();
    for (const [i, status] of (['running', 'paused', 'running'] as const).entries()) await connection.tell(transition(app.id, status, now + i));
    const list = (query: string) => plane().expect(200, eventPage, plane().request('GET', `/api/v1/apps/${app.slug}/events${query}`));
    const first = await list('?type=app.st&limit=2');
    const second = await list(`?type=app.st&limit=2&cursor=${first.next_cursor}`);
    expect([...first.data, ...second.data].map(({ data }) => [data['status'], data['previous']])).toEqual([['running', 'paused'], ['paused', 'running'], ['running', 'created']]);
    expect(second.next_cursor).toBeNull();
    expect((await list('?type=deployment')).data).toEqual([]);
    expect((await plane().request('GET', `/api/v1/apps/${app.slug}/events?type=%25`)).status).toBe(422);
    await connection.close();
  });

  test('the address of an app follows what its executor says of the proxy', async () => {
    const { executor, app } = await setScene(plane());
    expect(app.url).toBe(`https://${app.slug}-app.localhost`);
    const connection = await executor.connect({}, { ingress: { scheme: 'http', port: 8123 } });
    await expect.poll(() => plane().getApp(app.id), { timeout: 5_000 }).toMatchObject({ url: `http://${app.slug}-app.localhost:8123` });
    await connection.close();
  });
}
