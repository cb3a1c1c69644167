/** The hub's object is evicted while its socket stays: everything that mattered is found again. */
import { createScheduledController, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { describe, expect, test, vi } from 'vitest';
import { app, type App } from '../../shared/api/apps.ts';
import { project } from '../../shared/api/projects.ts';
import { server } from '../../shared/api/servers.ts';
import { pingText, pongText } from '../../shared/protocol/messages.ts';
import worker, { HubObject } from '../../worker/index.ts';
import { bindings, callApi } from './api.ts';
import { connect, enrolExecutor, type Connection, type Executor } from './executor.ts';

const stubOf = (executor: Executor) => bindings.HUB.get(bindings.HUB.idFromName(executor.serverId));
const readApp = ({ id }: App) => callApi('GET', `/api/v1/apps/${id}`, { status: 200, schema: app });

/** What the cron trigger does. */
async function runSweep(): Promise<void> {
  await worker.scheduled(createScheduledController(), bindings);
}

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

describe('REL-01 signs of life of a sleeping object', () => {
  const minuteAgo = () => Date.now() - 60_000;
  /** As if nothing had been heard of the executor since. */
  const silenceSince = (executor: Executor, lastSeen: number) =>
    runInDurableObject(stubOf(executor), (_instance, state) => {
      for (const socket of state.getWebSockets()) socket.serializeAttachment({ ...(socket.deserializeAttachment() as object), lastSeen });
    });
  const readServer = (executor: Executor) => callApi('GET', `/api/v1/servers/${executor.serverId}`, { status: 200, schema: server });

  test('a ping is answered by the runtime, without waking it, and counts', async () => {
    const { executor, connection } = await setScene();
    await silenceSince(executor, minuteAgo());
    await evictDurableObject(stubOf(executor));
    const waking = vi.spyOn(HubObject.prototype, 'webSocketMessage');
    const answers: unknown[] = [];
    connection.socket.addEventListener('message', ({ data }) => answers.push(data));
    // The runtime notes the time of an answer after it has sent it: with the second one the first is noted.
    for (let i = 0; i < 2; i++) connection.socket.send(pingText);
    await expect.poll(() => answers).toEqual([pongText, pongText]);
    expect(waking).not.toHaveBeenCalled();
    waking.mockRestore();
    expect(await stubOf(executor).presence(executor.serverId)).toMatchObject({ isConnected: true, status: 'online' });
    expect(await readServer(executor)).toMatchObject({ status: 'online' });
  });

  test('without one the server is offline for whoever asks, since the last one, and the row follows', async () => {
    const { executor, connection } = await setScene();
    const since = minuteAgo();
    const closed = new Promise<CloseEvent>((resolve) => connection.socket.addEventListener('close', resolve));
    await silenceSince(executor, since);
    await evictDurableObject(stubOf(executor));
    const offline = { status: 'offline', status_since: new Date(since).toISOString(), status_reason: 'no sign of life for 24 s' };
    expect(await readServer(executor)).toMatchObject(offline);
    expect(await closed).toMatchObject({ code: 4408 });
    // Also once the object has forgotten all of it.
    await evictDurableObject(stubOf(executor));
    expect(await readServer(executor)).toMatchObject(offline);
  });

  test('a connection that the platform has lost without telling the object is noticed by the sweep, once', async () => {
    const { executor } = await setScene();
    await runInDurableObject(stubOf(executor), (_instance, state) => {
      for (const socket of state.getWebSockets()) socket.serializeAttachment({ ...(socket.deserializeAttachment() as object), isOver: true });
    });
    await evictDurableObject(stubOf(executor));
    expect(await readServer(executor)).toMatchObject({ status: 'offline', status_reason: 'the connection was lost' });
    await runSweep();
    const noticed = await readServer(executor);
    expect(noticed).toMatchObject({ status: 'offline', status_reason: 'the connection was lost' });
    await runSweep();
    expect(await readServer(executor)).toEqual(noticed);
  });
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
