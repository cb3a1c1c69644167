/** The hub's object is evicted while its socket stays: everything that mattered is found again. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { app, type App } from '../../shared/api/apps.ts';
import { project } from '../../shared/api/projects.ts';
import { server } from '../../shared/api/servers.ts';
import { bindings, callApi } from './api.ts';
import { connect, enrolExecutor, type Connection, type Executor } from './executor.ts';

const stubOf = (executor: Executor) => bindings.HUB.get(bindings.HUB.idFromName(executor.serverId));
const readApp = ({ id }: App) => callApi('GET', `/api/v1/apps/${id}`, { status: 200, schema: app });

let count = 0;

async function setScene(): Promise<{ executor: Executor; connection: Connection; subject: App }> {
  const executor = await enrolExecutor();
  const { id } = await callApi('POST', '/api/v1/projects', { body: { name: 'Hibernation' }, status: 201, schema: project });
  const fields = { name: 'sleeper', slug: `sleeper-${++count}`, image: 'nginx:alpine', server_id: executor.serverId };
  const subject = await callApi('POST', `/api/v1/projects/${id}/apps`, { body: fields, status: 201, schema: app });
  const connection = await connect(executor);
  connection.send({ type: 'event', seq: 1, event: { kind: 'status', app: subject.id, status: 'running', reason: null, at: Date.now() } });
  await connection.next('ack');
  return { executor, connection, subject };
}

test('REL-08 an evicted object is a new instance with the same socket', async () => {
  const { executor } = await setScene();
  const stub = stubOf(executor);
  const mark = (instance: object) => Reflect.set(instance, 'mark', true);
  await runInDurableObject(stub, mark);
  await evictDurableObject(stub);
  await runInDurableObject(stub, (instance, state) => {
    expect(Reflect.has(instance, 'mark')).toBe(false);
    expect(state.getWebSockets()).toHaveLength(1);
  });
});

test('REL-08 presence and usage outlive the eviction', async () => {
  const { executor, connection, subject } = await setScene();
  connection.send({ type: 'event', seq: 2, event: { kind: 'report', at: Date.now(), engine: 'reachable', apps: [{ app: subject.id, status: 'running', cpu: 12.5, memory: 64 }] } });
  expect(await connection.next('ack')).toEqual({ type: 'ack', seq: 2 });
  await evictDurableObject(stubOf(executor));

  expect(await stubOf(executor).presence(executor.serverId)).toMatchObject({ isConnected: true, status: 'online', usage: { [subject.id]: { cpu: 12.5, memory: 64 } } });
  expect(await readApp(subject)).toMatchObject({ status: 'running', server_status: 'online', cpu_usage: 12.5, memory_usage: 64 });
});

test('REL-08 a call goes through after the eviction', async () => {
  const { executor, connection, subject } = await setScene();
  await evictDurableObject(stubOf(executor));
  const reply = callApi('POST', `/api/v1/apps/${subject.slug}/pause`, { status: 200, schema: app });
  const call = await connection.next('call');
  expect(call).toMatchObject({ method: 'act', params: { app: subject.id, action: 'pause' } });
  connection.send({ type: 'ok', id: call.id, result: { status: 'paused' } });
  expect(await reply).toMatchObject({ status: 'paused' });
});

test('REL-06 events go on counting after the eviction: a new one is taken in, a repeated one dropped', async () => {
  const { executor, connection, subject } = await setScene();
  await evictDurableObject(stubOf(executor));
  const now = Date.now();
  connection.send({ type: 'event', seq: 1, event: { kind: 'status', app: subject.id, status: 'crashed', reason: null, at: now + 1_000 } });
  expect(await connection.next('ack')).toEqual({ type: 'ack', seq: 1 });
  expect(await readApp(subject)).toMatchObject({ status: 'running' });

  connection.send({ type: 'event', seq: 2, event: { kind: 'status', app: subject.id, status: 'unhealthy', reason: 'probe: 503', at: now + 2_000 } });
  expect(await connection.next('ack')).toEqual({ type: 'ack', seq: 2 });
  expect(await readApp(subject)).toMatchObject({ status: 'unhealthy', status_reason: 'probe: 503' });
});

test('REL-04 after the eviction a newer connection still takes over', async () => {
  const { executor, connection } = await setScene();
  const closed = new Promise<CloseEvent>((resolve) => connection.socket.addEventListener('close', resolve));
  await evictDurableObject(stubOf(executor));
  await connect(executor);
  expect(await closed).toMatchObject({ code: 4409 });
});

test('SEC-17 after the eviction a revocation still closes the socket', async () => {
  const { executor, connection } = await setScene();
  const closed = new Promise<CloseEvent>((resolve) => connection.socket.addEventListener('close', resolve));
  await evictDurableObject(stubOf(executor));
  await callApi('POST', `/api/v1/servers/${executor.serverId}/revoke`, { status: 200, schema: server });
  expect(await closed).toMatchObject({ code: 4403 });
});

test('after the eviction the end of the connection is noticed', async () => {
  const { executor, connection } = await setScene();
  await evictDurableObject(stubOf(executor));
  connection.socket.close(1000, 'bye');
  await expect.poll(() => callApi('GET', `/api/v1/servers/${executor.serverId}`, { status: 200, schema: server }), { timeout: 5_000 }).toMatchObject({ status: 'offline' });
});
