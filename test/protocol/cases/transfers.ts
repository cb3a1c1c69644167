/** Bulk bodies: an executor that dials back, in either order, once, and only for its own; and every end that goes too early. */
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { problem } from '../../../shared/api/common.ts';
import { addedVolume } from '../../../shared/api/volumes.ts';
import { AppError } from '../../../shared/errors.ts';
import { transfersPath } from '../../../shared/protocol/transfers.ts';
import { enrolExecutor, type FakeExecutor } from '../../support/fake-executor.ts';
import { connectAndServe, setScene, type Plane, type Scene } from './scene.ts';

const loaded = { image_id: 'sha256:2c5f', size: 7 };
const archive = Buffer.alloc(3_000_000, 'tar');

interface Answer {
  status: number;
  code: string | undefined;
}

export function transferCases(plane: Plane): void {
  /** A client's POST that is written by hand. */
  async function beginUpload({ app }: Scene): Promise<{ outgoing: ClientRequest; answer: Promise<Answer> }> {
    const outgoing = request(`${plane().url}/api/v1/deploy/${app.slug}`, {
      method: 'POST',
      // A connection whose request was refused early is closed by the server: nothing else may be asked on it.
      agent: false,
      headers: { authorization: `Bearer ${plane().credentials.api_key}`, 'content-type': 'application/x-tar' },
    });
    const answer = new Promise<Answer>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', (reply) => void buffer(reply).then((body) => resolve({ status: reply.statusCode ?? 0, code: problem.loose().safeParse(JSON.parse(body.toString())).data?.code }), reject));
    });
    answer.catch(() => undefined);
    return { outgoing, answer };
  }

  async function dialBack(executor: FakeExecutor, transfer: string, options: { method?: string; token?: string } = {}): Promise<IncomingMessage> {
    const outgoing = request(`${plane().url}${transfersPath}/${transfer}`, { method: options.method ?? 'GET', agent: false, headers: { authorization: `Bearer ${options.token ?? (await executor.connectToken())}` } });
    outgoing.end();
    // The response's own event carries nothing else.
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage];
    return reply;
  }

  const fetchAll = async (executor: FakeExecutor, transfer: string) => buffer(await dialBack(executor, transfer));
  const codeOf = async (reply: IncomingMessage) => problem.parse(JSON.parse((await buffer(reply)).toString())).code;

  test('the body of a client is what the executor fetches', async () => {
    const scene = await setScene(plane());
    let fetched: Buffer | undefined;
    const connection = await connectAndServe(scene, {
      load_image: async ({ transfer }) => {
        fetched = await fetchAll(scene.executor, transfer ?? '');
        return loaded;
      },
    });
    const { outgoing, answer } = await beginUpload(scene);
    outgoing.end(archive);
    expect(await answer).toMatchObject({ status: 202 });
    expect(fetched?.equals(archive)).toBe(true);
    expect(connection.calls('deploy')[0]?.params.spec.image).toBe(connection.calls('load_image')[0]?.params.image);
    await connection.close();
  });

  test('an executor that is there before the first byte waits for it', async () => {
    const scene = await setScene(plane());
    const dialled = Promise.withResolvers<void>();
    const connection = await connectAndServe(scene, {
      load_image: async ({ transfer }) => {
        const body = fetchAll(scene.executor, transfer ?? '');
        dialled.resolve();
        expect((await body).toString()).toBe('late');
        return loaded;
      },
    });
    const { outgoing, answer } = await beginUpload(scene);
    outgoing.flushHeaders();
    // At the edge a request is passed on with its first bytes.
    outgoing.write('la');
    await dialled.promise;
    outgoing.end('te');
    expect(await answer).toMatchObject({ status: 202 });
    await connection.close();
  });

  test('an early refusal is read by a client that still sends', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, {
      load_image: () => {
        throw new AppError('upload_disabled', { detail: 'not here' });
      },
    });
    const { outgoing, answer } = await beginUpload(scene);
    outgoing.end(archive);
    expect(await answer).toEqual({ status: 403, code: 'upload_disabled' });
    expect(connection.calls('deploy')).toEqual([]);
    expect(await plane().getApp(scene.app.id)).toMatchObject({ image: 'nginx:alpine' });
    await connection.close();
  });

  test('so is the refusal of a piece of a resumable upload, which is no failure of the call', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { upload: () => ({ status: 409, headers: { 'tus-resumable': '1.0.0' }, body: '' }) });
    // Node's server reads a little of what nobody wants; the edge is asked for all of it.
    const piece = Buffer.alloc(plane().host === 'edge' ? 40_000_000 : 200_000, 'tar');
    const { hostname, port, host } = new URL(plane().url);
    const socket = createConnection({ host: hostname, port: Number(port) });
    const head = [`PATCH /api/v1/apps/${scene.app.slug}/uploads/${'0'.repeat(32)} HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${plane().credentials.api_key}`, 'Tus-Resumable: 1.0.0'];
    socket.on('error', () => undefined);
    socket.write([...head, 'Upload-Offset: 7', 'Content-Type: application/offset+octet-stream', `Content-Length: ${piece.length}`, 'Connection: close', '', ''].join('\r\n'));
    // One that does not look at what comes before it has sent everything: a connection that is reset meanwhile takes the reply along.
    await new Promise<void>((resolve, reject) => socket.write(piece, (error) => (error == null ? resolve() : reject(error))));
    expect((await buffer(socket)).toString()).toMatch(/^HTTP\/1\.1 409 [^]*\r\ntus-resumable: 1\.0\.0\r\n[^]*"code":"upload_offset_mismatch"/i);
    expect(connection.calls('upload')).toHaveLength(1);
    await connection.close();
  });

  test('an executor that is away is told with when to come back, whichever way the bytes go', async () => {
    const scene = await setScene(plane());
    await (await connectAndServe(scene)).close();
    await plane().expect(201, addedVolume, plane().request('POST', `/api/v1/apps/${scene.app.slug}/volumes`, { body: { name: 'data', mount_path: '/data' } }));
    for (const [method, path] of [['GET', 'volumes/data/content'], ['PUT', 'volumes/data/content'], ['GET', 'logs/stream'], ['POST', 'restart']] as const) {
      const headers = { authorization: `Bearer ${plane().credentials.api_key}`, 'content-type': 'application/x-tar' };
      const reply = await fetch(`${plane().url}/api/v1/apps/${scene.app.slug}/${path}`, { method, headers, ...(method === 'PUT' && { body: 'tar' }) });
      expect({ path, status: reply.status, code: problem.parse(await reply.json()).code, after: reply.headers.get('retry-after') }).toEqual({ path, status: 503, code: 'executor_offline', after: '15' });
    }
  });

  test('a client that goes in the middle breaks what the executor reads', async () => {
    const scene = await setScene(plane());
    const broken = Promise.withResolvers<unknown>();
    const connection = await connectAndServe(scene, {
      load_image: async ({ transfer }) => {
        const body = await dialBack(scene.executor, transfer ?? '');
        body.once('data', () => outgoing.destroy());
        broken.resolve(await buffer(body).then(() => 'whole', (error: unknown) => error));
        throw new AppError('upload_interrupted');
      },
    });
    const { outgoing } = await beginUpload(scene);
    outgoing.write(archive);
    expect(await broken.promise).toBeInstanceOf(Error);
    expect(connection.calls('deploy')).toEqual([]);
    await connection.close();
  });

  test('an executor that goes in the middle gives the client its own answer', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, {
      load_image: async ({ transfer }) => {
        (await dialBack(scene.executor, transfer ?? '')).destroy();
        throw new AppError('engine_unreachable', { detail: 'gone' });
      },
    });
    const { outgoing, answer } = await beginUpload(scene);
    outgoing.end(archive);
    expect(await answer).toEqual({ status: 503, code: 'engine_unreachable' });
    await connection.close();
  });

  test('a transfer ends with the link', async () => {
    const scene = await setScene(plane());
    // In an object: a promise would be waited for.
    const reading = Promise.withResolvers<{ read: Promise<unknown> }>();
    const connection = await connectAndServe(scene, {
      load_image: async ({ transfer }) => {
        const body = await dialBack(scene.executor, transfer ?? '');
        reading.resolve({ read: buffer(body).then(() => 'whole', (error: unknown) => error) });
        return new Promise(() => {});
      },
    });
    const { outgoing, answer } = await beginUpload(scene);
    outgoing.write(archive);
    const { read } = await reading.promise;
    await connection.cut();
    expect(await read).toBeInstanceOf(Error);
    outgoing.end();
    expect(await answer).toEqual({ status: 503, code: 'executor_lost' });
  });

  test('an executor that never dials back is not waited for', async () => {
    const scene = await setScene(plane());
    let pulse: NodeJS.Timeout | undefined;
    const connection = await connectAndServe(scene, {
      load_image: (_params, call) => {
        pulse = setInterval(() => call.pulse(), 2_000);
        return new Promise(() => {});
      },
    });
    const { outgoing, answer } = await beginUpload(scene);
    outgoing.end(archive);
    expect(await answer).toEqual({ status: 503, code: 'executor_lost' });
    clearInterval(pulse);
    expect(connection.received.map(({ type }) => type)).toContain('cancel');
    const { transfer } = connection.calls('load_image')[0]?.params ?? {};
    expect(await codeOf(await dialBack(scene.executor, transfer ?? ''))).toBe('transfer_not_found');
    await connection.close();
  });

  test('SEC-17 a transfer belongs to one executor, goes one way and works once', async () => {
    const scene = await setScene(plane());
    const stranger = await enrolExecutor(plane());
    const refusals: string[] = [];
    const connection = await connectAndServe(scene, {
      load_image: async ({ transfer }) => {
        const id = transfer ?? '';
        refusals.push(await codeOf(await dialBack(stranger, id)));
        refusals.push(await codeOf(await dialBack(scene.executor, id, { token: await stranger.connectToken() })));
        refusals.push(await codeOf(await dialBack(scene.executor, id, { token: 'x' })));
        refusals.push(await codeOf(await dialBack(scene.executor, id, { method: 'POST' })));
        expect((await fetchAll(scene.executor, id)).equals(archive)).toBe(true);
        refusals.push(await codeOf(await dialBack(scene.executor, id)));
        return loaded;
      },
    });
    const { outgoing, answer } = await beginUpload(scene);
    outgoing.end(archive);
    expect(await answer).toMatchObject({ status: 202 });
    expect(refusals).toEqual(['transfer_not_found', 'transfer_not_found', 'invalid_token', 'transfer_not_found', 'transfer_not_found']);
    await connection.close();
  });
}
