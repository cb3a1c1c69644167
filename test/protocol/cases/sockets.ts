import { expect, test } from 'vitest';
import { createdApiKey, session, user } from '../../../shared/api/auth.ts';
import { ticket as ticketReply } from '../../../shared/api/sockets.ts';
import { openSocket } from '../../support/socket-client.ts';
import { addApp, connectAndServe, setScene, type Plane } from './scene.ts';

let count = 0;

export function socketCases(plane: Plane): void {
  const stage = async () => {
    const scene = await setScene(plane());
    return { ...scene, connection: await connectAndServe(scene), path: `/api/v1/apps/${scene.app.slug}` };
  };
  const open = (path: string, options: Partial<Parameters<typeof openSocket>[0]> = {}) => openSocket({ url: plane().url, path, ...options });
  const askTicket = async (body: Record<string, unknown>, token?: string) => (await plane().expect(201, ticketReply, plane().request('POST', '/api/v1/ws-tickets', { body, ...(token !== undefined && { token }) }))).ticket;

  /** Somebody without rights to what others have. */
  async function addStranger(): Promise<{ session: string; key: string }> {
    const account = { email: `stranger-${++count}@example.com`, password: 'twelve-characters' };
    await plane().expect(201, user, plane().request('POST', '/api/v1/users', { body: { ...account, grants: ['api_tokens'] } }));
    const { token } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: account }));
    const { key } = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { token, body: { name: 'ws' } }));
    return { session: token, key };
  }

  test('SEC-01 every way of saying who one is opens the stream', async () => {
    const { app, connection, path } = await stage();
    const { api_key: key, email, password } = plane().credentials;
    const { token } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: { email, password } }));
    const clients = [
      await open(`${path}/logs/stream`, { token: key }),
      await open(`${path}/logs/stream?token=${key}`),
      await open(`${path}/stats/stream?token=${token}`),
      await open(`${path}/exec?cmd=/bin/sh&token=${key}`),
      await open(`${path}/exec`, { protocols: ['dockup.v1', `dockup.bearer.${token}`] }),
      await open(`${path}/logs/stream?ticket=${await askTicket({ app: app.slug, action: 'logs' })}`),
      await open(`${path}/exec?cmd=ls&cmd=-la&ticket=${await askTicket({ app: app.id, action: 'exec', cmd: ['ls', '-la'] })}`),
    ];
    await connection.until(() => connection.streams[clients.length - 1]);
    expect(connection.streams.map(({ kind }) => kind).sort()).toEqual(['exec', 'exec', 'exec', 'logs', 'logs', 'logs', 'stats']);
    // The offered token is never sent back.
    expect(clients.map(({ socket }) => socket.protocol)).toEqual(['', '', '', '', 'dockup.v1', '', '']);
    for (const client of clients) await client.close();
    await connection.close();
  });

  test('SEC-03 SEC-09 a refused upgrade says why inside the socket, and nothing is sent', async () => {
    const { executor, connection, path } = await stage();
    const stranger = await addStranger();
    const { api_key: key } = plane().credentials;
    const undeployed = await addApp(plane(), executor, (await plane().createProject()).id);
    const refused: [path: string, options: object, code: number, reason: string][] = [
      [`${path}/logs/stream`, {}, 4401, 'unauthenticated'],
      [`${path}/logs/stream`, { token: `dkp_${'0'.repeat(48)}` }, 4401, 'invalid_token'],
      [`${path}/exec?token=nonsense`, {}, 4401, 'invalid_token'],
      [`${path}/exec`, { protocols: ['dockup.v1', 'dockup.bearer.nonsense'] }, 4401, 'invalid_token'],
      [`${path}/exec?ticket=dkt_${'0'.repeat(48)}`, {}, 4401, 'ticket_invalid'],
      [`${path}/logs/stream`, { token: stranger.session }, 4404, 'app_not_found'],
      [`${path}/stats/stream?token=${stranger.key}`, {}, 4404, 'app_not_found'],
      [`${path}/exec?token=${stranger.key}`, {}, 4404, 'app_not_found'],
      [`/api/v1/apps/nowhere/exec?token=${key}`, {}, 4404, 'app_not_found'],
      [`/api/v1/apps/${undeployed.slug}/exec?token=${key}`, {}, 4409, 'app_not_deployed'],
      [`${path}/logs/stream?since=yesterday&token=${key}`, {}, 4422, 'invalid_value'],
      [`${path}/logs/stream?colour=red&token=${key}`, {}, 4422, 'unknown_field'],
    ];
    for (const [address, options, code, reason] of refused) {
      const closed = await (await open(address, options)).closed;
      expect({ address, code: closed.code, reason: closed.reason.split(':')[0] }).toEqual({ address, code, reason });
    }
    expect(connection.streams).toEqual([]);
    await connection.close();
  });

  test('SEC-01 a token in the address opens WebSockets alone: server-sent events take a header or a ticket', async () => {
    const { app, connection, path } = await stage();
    const { api_key: key } = plane().credentials;
    for (const address of [`${path}/logs/stream?token=${key}`, `${path}/stats/stream?token=${key}`, `${path}/exec?token=${key}`, `${path}/logs/stream?token=nonsense`]) {
      expect(await plane().request('GET', address, { token: null })).toMatchObject({ status: 401, body: { code: 'unauthenticated', detail: expect.stringMatching(/ticket/) } });
    }
    expect(connection.streams).toEqual([]);
    const left = new AbortController();
    const { status } = await fetch(`${plane().url}${path}/logs/stream?ticket=${await askTicket({ app: app.slug, action: 'logs' })}`, { signal: left.signal });
    expect(status).toBe(200);
    expect(connection.streams).toHaveLength(1);
    left.abort();
    await connection.close();
  });

  test('SEC-02 a cookie opens nothing, from whatever origin', async () => {
    const { connection, path } = await stage();
    const { api_key: key } = plane().credentials;
    for (const origin of ['https://elsewhere.test', plane().url]) {
      const { closed } = await open(`${path}/exec`, { headers: { origin, cookie: `token=${key}; session=${key}; Authorization=Bearer ${key}` } });
      expect((await closed).code).toBe(4401);
    }
    expect(connection.streams).toEqual([]);
    await connection.close();
  });

  test('SEC-01 a ticket opens one stream, once', async () => {
    const { app, connection, path } = await stage();
    const ticket = await askTicket({ app: app.slug, action: 'logs' });
    const both = await Promise.all([open(`${path}/logs/stream?ticket=${ticket}`), open(`${path}/logs/stream?ticket=${ticket}`)]);
    const refusedOne = await Promise.race(both.map(async (client) => ({ client, ...(await client.closed) })));
    expect(refusedOne).toMatchObject({ code: 4401, reason: expect.stringMatching(/^ticket_invalid: /) });
    await connection.until(() => connection.streams[0]);
    expect((await (await open(`${path}/logs/stream?ticket=${ticket}`)).closed).code).toBe(4401);
    expect(await plane().request('GET', `${path}/logs/stream?ticket=${ticket}`, { token: null })).toMatchObject({ status: 401, body: { code: 'ticket_invalid' } });
    expect(connection.streams).toHaveLength(1);
    for (const client of both) await client.close();
    await connection.close();
  });

  test('SEC-22 somebody who asks for one ticket after the other gets 60 of them; used ones do not count, nor do those of others', async () => {
    const { app, connection, path } = await stage();
    const { email, password } = plane().credentials;
    const own = async () => plane().request('POST', '/api/v1/ws-tickets', { body: { app: app.slug, action: 'logs' } });
    await plane().database.execute('delete from tickets');
    const tickets: string[] = [];
    for (let i = 0; i < 60; i++) tickets.push((await plane().expect(201, ticketReply, own())).ticket);
    const count = async () => (await plane().database.execute('select count(*) as count from tickets')).rows[0]?.['count'];
    const refused = await own();
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(await count()).toBe(60);
    // They are the user's, whatever token they were asked with.
    const { token } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: { email, password } }));
    expect(await plane().request('POST', '/api/v1/ws-tickets', { token, body: { app: app.slug, action: 'logs' } })).toMatchObject({ status: 429 });

    const client = await open(`${path}/logs/stream?ticket=${tickets[0]}`);
    expect(await own()).toMatchObject({ status: 201 });
    await plane().database.execute({ sql: 'update tickets set expires_at = ?', args: [Date.now() - 1] });
    expect(await own()).toMatchObject({ status: 201 });
    expect(await count()).toBe(1);
    await client.close();
    await connection.close();
  });

  test('SEC-01 and nothing else: not another app, action or command; it is used up all the same', async () => {
    const { executor, app, connection, path } = await stage();
    const other = await addApp(plane(), executor, app.project_id);
    await connection.tell({ kind: 'status', app: other.id, status: 'running', reason: null, at: Date.now() });
    const attempts: [body: Record<string, unknown>, path: string][] = [
      [{ app: app.id, action: 'logs' }, `/api/v1/apps/${other.slug}/logs/stream?`],
      [{ app: app.id, action: 'logs' }, `${path}/stats/stream?`],
      [{ app: app.id, action: 'stats' }, `${path}/exec?`],
      [{ app: app.id, action: 'exec' }, `${path}/exec?cmd=/bin/bash&`],
      [{ app: app.id, action: 'exec', cmd: 'ls' }, `${path}/exec?`],
      [{ app: app.id, action: 'exec', cmd: ['ls', '-l'] }, `${path}/exec?cmd=ls&cmd=-la&`],
    ];
    for (const [body, address] of attempts) {
      const ticket = await askTicket(body);
      const first = await (await open(`${address}ticket=${ticket}`)).closed;
      expect({ address, ...first, reason: first.reason.split(':')[0] }).toEqual({ address, code: 4403, reason: 'ticket_mismatch' });
      expect((await (await open(`${address}ticket=${ticket}`)).closed).reason).toMatch(/^ticket_invalid: /);
    }
    expect(connection.streams).toEqual([]);
    await connection.close();
  });

  test('SEC-01 a ticket lives 30 seconds, as its hash alone, and goes with its user; the next one sweeps the expired away', async () => {
    const { app, path, connection } = await stage();
    const { database } = plane();
    const kept = async () => (await database.execute('select hash, expires_at from tickets')).rows;
    const before = Date.now();
    const reply = await plane().expect(201, ticketReply, plane().request('POST', '/api/v1/ws-tickets', { body: { app: app.slug, action: 'logs' } }));
    const life = Date.parse(reply.expires_at) - before;
    expect(life).toBeGreaterThanOrEqual(30_000);
    expect(life).toBeLessThan(40_000);
    expect(reply.ticket).toMatch(/^dkt_[0-9a-f]{48}$/);
    const rows = await kept();
    expect(rows).not.toEqual([]);
    expect(JSON.stringify(rows)).not.toContain(reply.ticket);

    await database.execute('update tickets set expires_at = 1');
    expect((await (await open(`${path}/logs/stream?ticket=${reply.ticket}`)).closed).reason).toMatch(/^ticket_invalid: /);
    await askTicket({ app: app.slug, action: 'logs' });
    await database.execute('update tickets set expires_at = 1');
    await askTicket({ app: app.slug, action: 'logs' });
    expect(await kept()).toHaveLength(1);
    expect(connection.streams).toEqual([]);
    await connection.close();
  });

  test('SEC-01 a ticket goes with the session or the key that asked for it', async () => {
    const { app, connection, path } = await stage();
    const { email, password } = plane().credentials;
    const { token } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: { email, password } }));
    const { id, key } = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { body: { name: 'short-lived' } }));
    const tickets = [await askTicket({ app: app.slug, action: 'logs' }, token), await askTicket({ app: app.slug, action: 'logs' }, key)];
    const last = await askTicket({ app: app.slug, action: 'logs' });
    expect(await plane().request('POST', '/api/v1/auth/logout', { token })).toMatchObject({ status: 204 });
    expect(await plane().request('DELETE', `/api/v1/api-keys/${id}`)).toMatchObject({ status: 204 });
    for (const each of tickets) expect(await (await open(`${path}/logs/stream?ticket=${each}`)).closed).toMatchObject({ code: 4401, reason: expect.stringMatching(/^ticket_invalid/) });
    expect(await (await open(`${path}/logs/stream`, { token })).closed).toMatchObject({ code: 4401, reason: expect.stringMatching(/^invalid_token/) });
    expect(connection.streams).toEqual([]);
    const client = await open(`${path}/logs/stream?ticket=${last}`);
    await connection.until(() => connection.streams[0]);
    await client.close();
    await connection.close();
  });

  test('SEC-03 nobody gets a ticket for what is not theirs, or one that makes no sense', async () => {
    const { app, connection } = await stage();
    const { session: token } = await addStranger();
    const ask = (body: unknown, other: string | null = token) => plane().request('POST', '/api/v1/ws-tickets', { token: other, body });
    const before = (await plane().database.execute('select count(*) as count from tickets')).rows[0];
    expect(await ask({ app: app.id, action: 'exec' })).toMatchObject({ status: 404, body: { code: 'app_not_found' } });
    expect(await ask({ app: app.slug, action: 'logs' }, null)).toMatchObject({ status: 401 });
    const { api_key: key } = plane().credentials;
    expect(await ask({ app: app.id, action: 'deploy' }, key)).toMatchObject({ status: 422, body: { code: 'invalid_value', errors: [{ pointer: '/action' }] } });
    expect(await ask({ app: app.id, action: 'logs', cmd: 'ls' }, key)).toMatchObject({ status: 422, body: { code: 'invalid_value', errors: [{ pointer: '/cmd' }] } });
    expect((await plane().database.execute('select count(*) as count from tickets')).rows[0]).toEqual(before);
    await connection.close();
  });

  test('SEC-01 no token and no ticket of an address is ever logged', async () => {
    const { app, connection, path } = await stage();
    const { api_key: key } = plane().credentials;
    const ticket = await askTicket({ app: app.slug, action: 'logs' });
    // Something that is logged for sure.
    await plane().database.execute({ sql: "update apps set settings = '{' where id = ?", args: [app.id] });
    for (const query of [`token=${key}`, `ticket=${ticket}`]) expect((await (await open(`${path}/logs/stream?${query}`)).closed).code).toBe(4500);
    await plane().database.execute({ sql: 'delete from apps where id = ?', args: [app.id] });
    // At the edge the log passes through another process.
    await expect.poll(() => plane().logs(), { timeout: 5_000 }).toContain(`"path":"${path}/logs/stream"`);
    const logs = await plane().logs();
    for (const secret of [key, ticket, 'token=', 'ticket=']) expect(logs).not.toContain(secret);
    await connection.close();
  });
}
