/** `Idempotency-Key`: what is sent again is answered again, and done once. The executor is made up, everything else is real. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createdApiKey, session, user } from '../../shared/api/auth.ts';
import { problem } from '../../shared/api/common.ts';
import { deployment, deploymentPage } from '../../shared/api/deployments.ts';
import { projectPage } from '../../shared/api/projects.ts';
import { createdServer } from '../../shared/api/servers.ts';
import { AppError } from '../../shared/errors.ts';
import { connectAndServe, progress, setScene, succeeded, type Scene } from '../protocol/cases/scene.ts';
import type { Reply } from '../support/api.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import type { Connection } from '../support/fake-executor.ts';

describe('a request with an Idempotency-Key', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({ host: inject('host') });
  });
  afterAll(() => plane?.stop());

  interface Options {
    key?: string;
    body?: unknown;
    token?: string;
    headers?: Record<string, string>;
  }
  const post = (path: string, { key = crypto.randomUUID(), headers, ...rest }: Options = {}) => plane.request('POST', path, { headers: { 'idempotency-key': key, ...headers }, ...rest });
  const isReplay = ({ headers }: Reply) => headers.get('idempotency-replayed');
  const countProjects = async (name: string) => (await plane.expect(200, projectPage, plane.request('GET', '/api/v1/projects?limit=200'))).data.filter((project) => project.name === name).length;
  const listDeployments = async ({ app }: Scene) => (await plane.expect(200, deploymentPage, plane.request('GET', `/api/v1/apps/${app.id}/deployments`))).data;

  /** That the second reply is the first one once more. */
  function expectSame(first: Reply, second: Reply): void {
    expect([isReplay(first), isReplay(second)]).toEqual([null, 'true']);
    expect({ status: second.status, body: second.body }).toEqual({ status: first.status, body: first.body });
    for (const name of ['content-type', 'location']) expect([name, second.headers.get(name)]).toEqual([name, first.headers.get(name)]);
    // What is of the request and not of what it did.
    expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(second.headers.get('access-control-allow-origin')).toBe('*');
  }

  test('is carried out once and answered every time, with the key in quotes or without', async () => {
    const key = crypto.randomUUID();
    const body = { name: `once ${key}` };
    const first = await post('/api/v1/projects', { key, body });
    expect(first.status).toBe(201);
    for (const again of [key, `"${key}"`]) expectSame(first, await post('/api/v1/projects', { key: again, body }));
    expect(await countProjects(body.name)).toBe(1);
  });

  test('sent twenty times at once is carried out once', async () => {
    const key = crypto.randomUUID();
    const body = { name: `crowd ${key}` };
    const replies = await Promise.all(Array.from({ length: 20 }, () => post('/api/v1/projects', { key, body })));
    expect(await countProjects(body.name)).toBe(1);
    const made = replies.filter(({ status }) => status === 201);
    expect(new Set(made.map((reply) => JSON.stringify(reply.body))).size).toBe(1);
    expect(made.filter((reply) => isReplay(reply) === null)).toHaveLength(1);
    const others = replies.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${problem.parse(body).code}`);
    expect(others).toEqual(others.map(() => '409 idempotency_key_in_use'));
  });

  test('may not be another one: another body, query or address is refused and changes nothing', async () => {
    const scene = await setScene(plane);
    const connection = await connectAndServe(scene);
    const key = crypto.randomUUID();
    const deploy = `/api/v1/apps/${scene.app.id}/deploy`;
    expect((await post(deploy, { key })).status).toBe(202);
    const calls = connection.received.length;
    for (const [path, body] of [[`${deploy}?queue=true`], [`/api/v1/apps/${scene.app.slug}/deploy`], [`/api/v1/apps/${scene.app.id}/restart`], ['/api/v1/projects', { name: `other ${key}` }]] as const) {
      expect(await post(path, { key, body })).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    }
    expect(await listDeployments(scene)).toHaveLength(1);
    expect(await countProjects(`other ${key}`)).toBe(0);
    expect(connection.received.length).toBe(calls);
    await connection.close();
  });

  test('has nothing to do with one of somebody else', async () => {
    const account = { email: `user-${crypto.randomUUID()}@example.com`, password: 'a long user password' };
    await plane.expect(201, user, plane.request('POST', '/api/v1/users', { body: account }));
    const { token } = await plane.expect(200, session, plane.request('POST', '/api/v1/auth/login', { token: null, body: account }));
    const key = crypto.randomUUID();
    const [own, other] = [await post('/api/v1/projects', { key, body: { name: 'mine' } }), await post('/api/v1/projects', { key, token, body: { name: 'theirs' } })];
    expect([own.status, other.status, isReplay(other)]).toEqual([201, 201, null]);
    // The user is the same with another token.
    const { token: later } = await plane.expect(200, session, plane.request('POST', '/api/v1/auth/login', { token: null, body: account }));
    expectSame(other, await post('/api/v1/projects', { key, token: later, body: { name: 'theirs' } }));
  });

  /** An app whose executor is not done with a restart before `held` is. */
  async function holdRestart() {
    const scene = await setScene(plane);
    const held = Promise.withResolvers<void>();
    const connection = await connectAndServe(scene, {
      act: async () => {
        await held.promise;
        return { status: 'running' };
      },
    });
    const key = crypto.randomUUID();
    const path = `/api/v1/apps/${scene.app.slug}/restart`;
    return { app: scene.app, key, path, held, connection };
  }

  test('that is still being worked on is told so, with when to ask again; then its reply is there', async () => {
    const { key, path, held, connection } = await holdRestart();
    const first = post(path, { key });
    await connection.until(() => connection.calls('act')[0]);
    const early = await post(path, { key });
    expect(early).toMatchObject({ status: 409, body: { code: 'idempotency_key_in_use' } });
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
    held.resolve();
    expectSame(await first, await post(path, { key }));
    expect(connection.calls('act')).toHaveLength(1);
    await connection.close();
  });

  /** Sends a request and leaves as soon as the executor has it. */
  async function leave(path: string, key: string, body: unknown, isAsked: () => unknown, connection: Connection): Promise<void> {
    const headers = { authorization: `Bearer ${plane.credentials.api_key}`, 'idempotency-key': key, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const leaving = httpRequest(`${plane.url}${path}`, { method: 'POST', agent: false, headers });
    leaving.on('error', () => undefined);
    leaving.end(body === undefined ? undefined : JSON.stringify(body));
    await connection.until(isAsked);
    const left = new Promise((resolve) => leaving.once('close', resolve));
    leaving.destroy();
    await left;
  }

  test('a command whose client has gone runs to its end, and its output is for the one that comes back', async () => {
    const scene = await setScene(plane);
    const held = Promise.withResolvers<void>();
    const output = { exit_code: 3, stdout: 'done', stderr: '', truncated: false };
    const connection = await connectAndServe(scene, { exec: () => held.promise.then(() => output) });
    const [key, path, body] = [crypto.randomUUID(), `/api/v1/apps/${scene.app.slug}/exec`, { cmd: ['long'] }];
    await leave(path, key, body, () => connection.calls('exec')[0], connection);
    held.resolve();
    await expect.poll(() => post(path, { key, body }), { timeout: 10_000 }).toMatchObject({ status: 200, body: output });
    expect(connection.calls('exec')).toHaveLength(1);
    await connection.close();
  });

  test('of a client that has gone is answered to the one that comes back', async () => {
    const { app, key, path, held, connection } = await holdRestart();
    await leave(path, key, undefined, () => connection.calls('act')[0], connection);
    held.resolve();
    await expect.poll(() => post(path, { key }), { timeout: 10_000 }).toMatchObject({ status: 200, body: { id: app.id } });
    expect(connection.calls('act')).toHaveLength(1);
    await connection.close();
  });

  describe('that failed', () => {
    test('because it was refused leaves its key free: it may succeed later', async () => {
      const [{ app, executor }, other] = [await setScene(plane), await plane.createProject()];
      const key = crypto.randomUUID();
      const body = { name: 'again', slug: app.slug, image: 'nginx:alpine', server_id: executor.serverId };
      const path = `/api/v1/projects/${other.id}/apps`;
      for (let i = 0; i < 2; i++) {
        const refused = await post(path, { key, body });
        expect(refused).toMatchObject({ status: 409, body: { code: 'slug_taken' } });
        expect(isReplay(refused)).toBe(null);
      }
      expect((await plane.request('DELETE', `/api/v1/apps/${app.id}?queue=true`)).status).toBe(202);
      expect((await post(path, { key, body })).status).toBe(201);
    });

    test('because its host is away, too', async () => {
      const scene = await setScene(plane);
      const key = crypto.randomUUID();
      const path = `/api/v1/apps/${scene.app.id}/deploy`;
      expect(await post(path, { key })).toMatchObject({ status: 503, body: { code: 'executor_offline' } });
      const connection = await connectAndServe(scene);
      expect((await post(path, { key })).status).toBe(202);
      expect(await listDeployments(scene)).toHaveLength(1);
      await connection.close();
    });

    test('before it was looked at has not used its key', async () => {
      const key = crypto.randomUUID();
      expect(await post('/api/v1/projects', { key, body: { colour: 'red' } })).toMatchObject({ status: 422, body: { code: 'missing_field' } });
      expect(await post('/api/v1/projects', { key, body: { name: `right ${key}` } })).toMatchObject({ status: 201 });
    });

    test('in a way that leaves open what was done is answered the same, and not done again', async () => {
      const scene = await setScene(plane);
      const connection = await connectAndServe(scene, {
        act: () => {
          throw new AppError('engine_error', { detail: 'half of it is done' });
        },
      });
      const key = crypto.randomUUID();
      const path = `/api/v1/apps/${scene.app.slug}/restart`;
      const first = await post(path, { key });
      expect(first).toMatchObject({ status: 502, body: { code: 'engine_error', detail: 'half of it is done' } });
      expectSame(first, await post(path, { key }));
      expect(problem.parse(first.body).request_id).toBe(first.headers.get('x-request-id'));
      expect(connection.calls('act')).toHaveLength(1);
      await connection.close();
    });
  });

  describe('for a deployment', () => {
    async function endDeployment(connection: Connection, scene: Scene, ending: Parameters<typeof progress>[1]): Promise<void> {
      const call = await connection.until(() => connection.calls('deploy')[0]);
      await connection.tell(progress({ id: call.params.deployment, app_id: scene.app.id }, ending));
    }

    test('makes one, and leads to it every time', async () => {
      const scene = await setScene(plane);
      const connection = await connectAndServe(scene);
      const key = crypto.randomUUID();
      const path = `/api/v1/deploy/${scene.app.slug}`;
      const first = await post(path, { key });
      expect(first.headers.get('location')).toBe(`/api/v1/deployments/${deployment.parse(first.body).id}`);
      await endDeployment(connection, scene, succeeded);
      // As it was, though it has ended meanwhile.
      expectSame(first, await post(path, { key }));
      expect(await listDeployments(scene)).toHaveLength(1);
      await connection.close();
    });

    test('that failed while it was waited for is not tried again', async () => {
      const scene = await setScene(plane);
      const connection = await connectAndServe(scene);
      const key = crypto.randomUUID();
      const path = `/api/v1/deploy/${scene.app.slug}?wait=30`;
      const waiting = post(path, { key });
      const failure = { code: 'image_not_found' as const, message: 'no such image', phase: 'pull' as const, exit_code: null, oom_killed: false, last_probe: null, logs: [] };
      await endDeployment(connection, scene, { status: 'failed', failure });
      const first = await waiting;
      expect(first).toMatchObject({ status: 422, body: { code: 'image_not_found', deployment: { status: 'failed' } } });
      expectSame(first, await post(path, { key }));
      expect(connection.calls('deploy')).toHaveLength(1);
      await connection.close();
    });

    test('REL-06 goes on with the one it has begun when the control plane is killed in the middle', async () => {
      const scene = await setScene(plane);
      const first = await connectAndServe(scene);
      const key = crypto.randomUUID();
      const path = `/api/v1/deploy/${scene.app.slug}?wait=30`;
      const cut = post(path, { key }).then(() => 'answered', () => 'cut');
      const { params } = await first.until(() => first.calls('deploy')[0]);
      await plane.restart();
      expect(await cut).toBe('cut');

      const connection = await connectAndServe(scene);
      // The edge cannot know that a process has ended: there the lease has to run out.
      if (plane.host === 'edge') await plane.database.execute('update idempotency_keys set lease_until = 1 where reply is null');
      const again = post(path, { key });
      // Nothing is handed over but the same one.
      await connection.tell(progress({ id: params.deployment, app_id: scene.app.id }, succeeded));
      const reply = await again;
      expect(reply).toMatchObject({ status: 200, body: { id: params.deployment, status: 'succeeded' } });
      expect(new Set(connection.calls('deploy').map((call) => call.params.deployment))).toEqual(new Set(connection.calls('deploy').length === 0 ? [] : [params.deployment]));
      expect((await listDeployments(scene)).map(({ id }) => id)).toEqual([params.deployment]);
      expect(await post(path, { key })).toMatchObject({ status: 200, body: reply.body });
      await connection.close();
    });
  });

  describe('whose body is an archive', () => {
    const loaded = { image_id: 'sha256:2c5f', size: 7 };
    const send = (scene: Scene, key: string, { bytes = 'archive', headers = {}, query = '' }: { bytes?: string; headers?: Record<string, string>; query?: string } = {}) =>
      post(`/api/v1/deploy/${scene.app.slug}${query}`, { key, body: bytes, headers: { 'content-type': 'application/x-tar', ...headers } });

    test('is loaded once; what comes again is read away', async () => {
      const scene = await setScene(plane);
      const connection = await connectAndServe(scene, { load_image: () => loaded });
      const key = crypto.randomUUID();
      const bytes = 'tar'.repeat(1_000_000);
      const first = await send(scene, key, { bytes });
      expect(first.status).toBe(202);
      expectSame(first, await send(scene, key, { bytes }));
      expect([connection.calls('load_image').length, (await listDeployments(scene)).length]).toEqual([1, 1]);
      await connection.close();
    });

    test('is told apart by its length and by the digest it is sent with', async () => {
      const scene = await setScene(plane);
      const connection = await connectAndServe(scene, { load_image: () => loaded });
      const key = crypto.randomUUID();
      const digest = (text: string) => ({ 'content-digest': `sha-256=:${btoa(text)}:` });
      expect((await send(scene, key, { headers: digest('one') })).status).toBe(202);
      for (const other of [{ bytes: 'longer archive', headers: digest('one') }, { headers: digest('two') }, {}, { headers: digest('one'), query: '?image=other' }]) {
        expect(await send(scene, key, other)).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
      }
      // Not by bytes nobody has looked at: this is documented.
      expect(isReplay(await send(scene, key, { bytes: 'ARCHIVE', headers: digest('one') }))).toBe('true');
      expect(connection.calls('load_image')).toHaveLength(1);
      await connection.close();
    });

    test('that was refused may be sent again', async () => {
      const scene = await setScene(plane);
      let refusals = 0;
      const connection = await connectAndServe(scene, {
        load_image: () => {
          if (refusals++ === 0) throw new AppError('archive_invalid', { detail: 'it ends before it is whole' });
          return loaded;
        },
      });
      const key = crypto.randomUUID();
      expect(await send(scene, key)).toMatchObject({ status: 422, body: { code: 'archive_invalid' } });
      expect(await send(scene, key)).toMatchObject({ status: 202 });
      await connection.close();
    });

    test('and comes in pieces is begun once', async () => {
      const scene = await setScene(plane);
      let count = 0;
      const connection = await connectAndServe(scene, { upload: () => ({ status: 201, headers: { location: `/uploads/${String(++count).padStart(32, '0')}`, 'upload-expires': 'Mon, 23 Nov 2026 18:50:28 GMT', 'tus-resumable': '1.0.0' }, body: '' }) });
      const key = crypto.randomUUID();
      const begin = (length: number) => post(`/api/v1/apps/${scene.app.id}/uploads`, { key, headers: { 'tus-resumable': '1.0.0', 'upload-length': String(length) } });
      const [first, again] = [await begin(10), await begin(10)];
      expect(first.headers.get('location')).toMatch(/\/uploads\/0{31}1$/);
      expectSame(first, again);
      expect([again.headers.get('upload-expires'), again.headers.get('tus-resumable')]).toEqual(['Mon, 23 Nov 2026 18:50:28 GMT', '1.0.0']);
      expect(await begin(11)).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
      await connection.close();
    });
  });

  test('SEC-12 for a secret is answered with the same secret, which lies nowhere in the clear', async () => {
    const keys = { api: crypto.randomUUID(), server: crypto.randomUUID() };
    const [one, two] = [await post('/api/v1/api-keys', { key: keys.api, body: { name: 'ci' } }), await post('/api/v1/api-keys', { key: keys.api, body: { name: 'ci' } })];
    expectSame(one, two);
    const [first, second] = [await post('/api/v1/servers', { key: keys.server, body: { name: 'box' } }), await post('/api/v1/servers', { key: keys.server, body: { name: 'box' } })];
    expectSame(first, second);
    const secrets = [createdApiKey.parse(one.body).key, createdServer.parse(first.body).enrolment_token];
    expect(await plane.request('GET', '/api/v1/auth/me', { token: createdApiKey.parse(two.body).key })).toMatchObject({ status: 200 });
    const { rows } = await plane.database.execute('select * from idempotency_keys');
    expect(rows.length).toBeGreaterThan(1);
    const [dump, logs] = [JSON.stringify(rows), await plane.logs()];
    for (const secret of [...secrets, ...Object.values(keys)]) expect([dump.includes(secret), logs.includes(secret)]).toEqual([false, false]);
  });

  test('whose reply is too long to be kept is not carried out again either', async () => {
    const scene = await setScene(plane);
    const connection = await connectAndServe(scene, { exec: () => ({ exit_code: 0, stdout: 'x'.repeat(300_000), stderr: '', truncated: false }) });
    const key = crypto.randomUUID();
    const run = () => post(`/api/v1/apps/${scene.app.slug}/exec`, { key, body: { cmd: ['cat', 'large'] } });
    expect((await run()).status).toBe(200);
    const again = await run();
    expect(again).toMatchObject({ status: 409, body: { code: 'idempotency_reply_not_kept', original_status: 200 } });
    expect(isReplay(again)).toBe('true');
    expect(connection.calls('exec')).toHaveLength(1);
    await connection.close();
  });

  test('is answered only to whom its right is left', async () => {
    const scene = await setScene(plane);
    const connection = await connectAndServe(scene, { act: () => ({ status: 'running' }), volumes: () => ({ volumes: [] }), remove_app: () => ({}) });
    const key = crypto.randomUUID();
    const path = `/api/v1/apps/${scene.app.slug}/restart`;
    expect((await post(path, { key })).status).toBe(200);
    expect((await plane.request('DELETE', `/api/v1/apps/${scene.app.id}`)).status).toBe(204);
    expect(await post(path, { key })).toMatchObject({ status: 404, body: { code: 'app_not_found' } });
    await connection.close();
  });

  test('that takes none is carried out each time', async () => {
    const scene = await setScene(plane);
    const connection = await connectAndServe(scene);
    const { email, password } = plane.credentials;
    const key = crypto.randomUUID();
    const ask = [
      () => post('/api/v1/auth/login', { key, body: { email, password } }),
      () => post('/api/v1/ws-tickets', { key, body: { app: scene.app.slug, action: 'logs' } }),
    ];
    for (const once of ask) {
      const [first, second] = [await once(), await once()];
      expect([first.status, isReplay(second)]).toEqual([second.status, null]);
      expect(first.status).toBeLessThan(300);
    }
    await connection.close();
  });
});
