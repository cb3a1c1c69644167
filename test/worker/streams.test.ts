/** The hub's object is evicted while clients are connected with streams: their sockets stay, and so does what goes through them. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { app, type App } from '../../shared/api/apps.ts';
import { createdApiKey } from '../../shared/api/auth.ts';
import { deployment } from '../../shared/api/deployments.ts';
import { project } from '../../shared/api/projects.ts';
import { decodeFrame, encodeFrame, type Frame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { bindings, callApi, credentials, fetchApi } from './api.ts';
import { connect, enrolExecutor, type Connection, type Executor } from './executor.ts';

interface Client {
  socket: WebSocket;
  text(): string;
  closed: Promise<{ code: number; reason: string }>;
}

let count = 0;

async function setScene(): Promise<{ executor: Executor; connection: Connection; subject: App; frames: Frame[] }> {
  const executor = await enrolExecutor();
  const { id } = await callApi('POST', '/api/v1/projects', { body: { name: 'Streams' }, status: 201, schema: project });
  const fields = { name: 'streamer', slug: `streamer-${++count}`, image: 'nginx:alpine', server_id: executor.serverId };
  const subject = await callApi('POST', `/api/v1/projects/${id}/apps`, { body: fields, status: 201, schema: app });
  const connection = await connect(executor);
  const frames: Frame[] = [];
  connection.socket.addEventListener('message', ({ data }) => {
    const frame = typeof data === 'string' ? null : decodeFrame(new Uint8Array(data as ArrayBuffer));
    if (frame !== null) frames.push(frame);
  });
  connection.send({ type: 'event', seq: 1, event: { kind: 'status', app: subject.id, status: 'running', reason: null, at: Date.now() } });
  await connection.next('ack');
  return { executor, connection, subject, frames };
}

const open = (subject: App, path: string, token?: string) => openAt(`/api/v1/apps/${subject.slug}${path}`, token);

async function openAt(address: string, token = credentials.api_key): Promise<Client> {
  const { webSocket: socket, status } = await fetchApi(address, { headers: { upgrade: 'websocket', authorization: `Bearer ${token}` } });
  if (socket === null) throw new Error(`open stream: ${status}`);
  let text = '';
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    text += typeof data === 'string' ? data : new TextDecoder().decode(data as ArrayBuffer);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason })));
  socket.accept();
  return { socket, text: () => text, closed };
}

const evict = ({ serverId }: Executor) => evictDurableObject(bindings.HUB.get(bindings.HUB.idFromName(serverId)));
const bytes = (text: string) => new TextEncoder().encode(text);
const data = (stream: number, text: string) => encodeFrame({ kind: 'data', stream, bytes: bytes(text) });

test('REL-08 after the eviction the next line of a log still arrives, and credit goes on', async () => {
  const { executor, connection, subject, frames } = await setScene();
  const client = await open(subject, '/logs/stream');
  const { stream } = await connection.next('open');
  connection.send({ type: 'opened', stream, credit: 0 });
  connection.socket.send(data(stream, '{"n":1}\n'));
  await expect.poll(() => client.text()).toBe('{"n":1}\n');

  await evict(executor);
  connection.socket.send(data(stream, '{"n":2}\n'));
  await expect.poll(() => client.text()).toBe('{"n":1}\n{"n":2}\n');
  // What was owed when the object slept is paid back: nobody else would remember it.
  await expect.poll(() => frames).toEqual([{ kind: 'credit', stream, bytes: 8 }]);
  client.socket.close();
});

test('REL-08 REL-17 a line that the eviction has cut is told as dropped, and the next one is whole', async () => {
  const { executor, connection, subject, frames } = await setScene();
  const [log, samples] = [await open(subject, '/logs/stream'), await open(subject, '/stats/stream')];
  const streams = [(await connection.next('open')).stream, (await connection.next('open')).stream];
  const sendAll = (text: string) => {
    for (const stream of streams) connection.socket.send(data(stream, text));
  };
  sendAll('{"n":1}\n{"n"');
  for (const client of [log, samples]) await expect.poll(() => client.text()).toBe('{"n":1}\n');

  const returned = (stream: number) => frames.reduce((sum, frame) => sum + (frame.kind === 'credit' && frame.stream === stream ? frame.bytes : 0), 0);
  const expectReturned = async (text: string) => {
    for (const stream of streams) await expect.poll(() => returned(stream)).toBe(text.length);
  };
  await evict(executor);
  sendAll(':2');
  await expectReturned('{"n":1}\n{"n"');
  await evict(executor);
  sendAll('2}\n{"n":3}\n{"n"');
  sendAll(':4}\n');
  await expect.poll(() => log.text()).toBe('{"n":1}\n{"dropped":1}\n{"n":3}\n{"n":4}\n');
  await expect.poll(() => samples.text()).toBe('{"n":1}\n{"n":3}\n{"n":4}\n');

  await evict(executor);
  sendAll('{"n":5}\n');
  await expect.poll(() => log.text()).toMatch(/\{"n":4\}\n\{"n":5\}\n$/);
  // All that came has been paid back, also what nobody got.
  await expectReturned('{"n":1}\n{"n":22}\n{"n":3}\n{"n":4}\n');
  log.socket.close();
  samples.socket.close();
});

test('REL-08 after the eviction a client that goes is told to the executor', async () => {
  const { executor, connection, subject } = await setScene();
  const client = await open(subject, '/logs/stream');
  const { stream } = await connection.next('open');
  await evict(executor);
  client.socket.close(1000, 'enough');
  expect(await connection.next('close')).toEqual({ type: 'close', stream });
});

test('REL-08 after the eviction the end of a stream reaches its client', async () => {
  const { executor, connection, subject } = await setScene();
  const client = await open(subject, '/exec');
  const { stream } = await connection.next('open');
  await evict(executor);
  connection.send({ type: 'close', stream, exit_code: 3 });
  expect(await client.closed).toMatchObject({ code: 1000 });
  expect(client.text()).toBe('{"type":"exit","exit_code":3}');
});

test('REL-08 the credit for input survives the eviction: no byte more than the executor allowed', async () => {
  const { executor, connection, subject, frames } = await setScene();
  const client = await open(subject, '/exec');
  const { stream } = await connection.next('open');
  connection.send({ type: 'opened', stream, credit: 6 });
  client.socket.send('abcd');
  const input = () => frames.map((frame) => (frame.kind === 'data' ? new TextDecoder().decode(frame.bytes) : frame.kind === 'mark' ? '' : frame.kind)).join('');
  await expect.poll(input).toBe('abcd');

  await evict(executor);
  client.socket.send('efgh');
  await expect.poll(input).toBe('abcdef');
  connection.socket.send(encodeFrame({ kind: 'credit', stream, bytes: 10 }));
  await expect.poll(input).toBe('abcdefgh');
  client.socket.close();
});

test('REL-08 after each eviction the log of a deployment is told what it does, and how it ended', async () => {
  const { executor, connection, subject, frames } = await setScene();
  const asked = callApi('POST', `/api/v1/apps/${subject.slug}/deploy`, { status: 202, schema: deployment });
  connection.send({ type: 'ok', id: (await connection.next('call')).id, result: { accepted: true } });
  const { id } = await asked;
  const client = await openAt(`/listen-deployment?logPath=${id}`);
  const { stream } = await connection.next('open');
  const event = { kind: 'deployment', deployment: id, app: subject.id, status: 'running', image_id: null, failure: null } as const;
  const said = () => client.text().replaceAll(/^\S+Z /gm, '');

  await evict(executor);
  connection.send({ type: 'event', seq: 2, event: { ...event, phase: 'pull', at: Date.now() } });
  await expect.poll(said).toMatch(/\nGetting the image\n$/);
  await evict(executor);
  connection.send({ type: 'event', seq: 3, event: { ...event, status: 'succeeded', phase: 'done', at: Date.now() } });
  await expect.poll(() => frames.map(({ kind }) => kind)).toContain('end');
  await evict(executor);
  connection.send({ type: 'close', stream });
  expect(await client.closed).toEqual({ code: 1000, reason: '' });
  expect(said()).toMatch(/\nGetting the image\nDeployment succeeded\n$/);
});

test('SEC-03 after the eviction a stream ends with the key that it was opened with, and no other does', async () => {
  const { executor, connection, subject } = await setScene();
  const { id, key } = await callApi('POST', '/api/v1/api-keys', { body: { name: 'short-lived' }, status: 201, schema: createdApiKey });
  const [lost, kept] = [await open(subject, '/logs/stream', key), await open(subject, '/logs/stream')];
  const [first, second] = [await connection.next('open'), await connection.next('open')];
  await evict(executor);
  expect((await fetchApi(`/api/v1/api-keys/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${credentials.api_key}` } })).status).toBe(204);
  expect(await lost.closed).toMatchObject({ code: 4401, reason: expect.stringMatching(/^invalid_token: /) });
  expect(await connection.next('close')).toEqual({ type: 'close', stream: first.stream });
  connection.socket.send(data(second.stream, '{"n":1}\n'));
  await expect.poll(() => kept.text()).toBe('{"n":1}\n');
  kept.socket.close();
});

test('REL-11 a link that ends while the object sleeps ends its streams', async () => {
  const { executor, connection, subject } = await setScene();
  const client = await open(subject, '/logs/stream');
  await connection.next('open');
  await evict(executor);
  connection.socket.close(1000, 'bye');
  expect(await client.closed).toMatchObject({ code: 4503, reason: expect.stringMatching(/^executor_lost: /) });
});

test('REL-17 a client that has said nothing for 32 MiB is closed, also after the object slept; any word of it counts', async () => {
  const { executor, connection, subject } = await setScene();
  const [silent, talking] = [await open(subject, '/logs/stream'), await open(subject, '/logs/stream')];
  const [first, second] = [await connection.next('open'), await connection.next('open')];
  const stub = bindings.HUB.get(bindings.HUB.idFromName(executor.serverId));
  // As after hours of a quiet log.
  await runInDurableObject(stub, (_instance, state) => {
    for (const socket of state.getWebSockets('client')) socket.serializeAttachment({ ...(socket.deserializeAttachment() as object), unheard: limits.blindTotal });
  });
  await evict(executor);
  talking.socket.send('still here');
  await runInDurableObject(stub, () => undefined);
  connection.socket.send(data(first.stream, '{"n":1}\n'));
  connection.socket.send(data(second.stream, '{"n":1}\n'));
  expect(await silent.closed).toMatchObject({ code: 4429, reason: expect.stringMatching(/^slow_reader: /) });
  expect(await connection.next('close')).toEqual({ type: 'close', stream: first.stream });
  await expect.poll(() => talking.text()).toBe('{"n":1}\n');
  talking.socket.close();
});
