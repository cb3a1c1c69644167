import { expect, test } from 'vitest';
import type { App } from '../../../shared/api/apps.ts';
import { createdApiKey, user } from '../../../shared/api/auth.ts';
import { eventPage } from '../../../shared/api/events.ts';
import { containerName } from '../../../shared/names.ts';
import { limits } from '../../../shared/protocol/limits.ts';
import { connectAndServe, progress, requestDeploy, setScene, succeeded, type Plane, type Scene } from '../../protocol/cases/scene.ts';
import { ticket as ticketReply } from '../../../shared/api/sockets.ts';
import { logIn } from '../../support/control-plane-world.ts';
import { expectDokploy } from '../../support/dokploy-client.ts';
import type { Connection } from '../../support/fake-executor.ts';
import { openSocket, type SocketClient } from '../../support/socket-client.ts';

const line = (n: number) => `${JSON.stringify({ time: `2026-11-22T18:50:28.${n}Z`, stream: 'stdout', text: `line ${n} ü`, cursor: `c1.x.${n}`, deployment: 'dep_1' })}\n`;
const plain = (n: number) => `2026-11-22T18:50:28.${n}Z line ${n} ü\n`;
const nothing = { after: null, since: null, until: null, stream: null, search: null, deployment: null };

let count = 0;

export function socketCases(plane: Plane): void {
  const open = (path: string, options: Partial<Parameters<typeof openSocket>[0]> = { headers: { 'x-api-key': plane().credentials.api_key } }) => openSocket({ url: plane().url, path, ...options });
  const logsOf = (name: string, query = '') => `/docker-container-logs?containerId=${name}${query}`;
  const terminalOf = (name: string, query = '') => `/docker-container-terminal?containerId=${name}${query}`;

  async function stage(): Promise<Scene & { connection: Connection }> {
    const scene = await setScene(plane());
    return { ...scene, connection: await connectAndServe(scene) };
  }
  const deploy = async (connection: Connection, app: App) => {
    const deployment = await requestDeploy(plane(), app);
    await connection.tell(progress(deployment, succeeded));
    await connection.tell({ kind: 'status', app: app.id, status: 'running', reason: null, at: Date.now() });
    return deployment;
  };
  const firstStream = async (connection: Connection, number = 0) => connection.until(() => connection.streams[number]);

  test('a log is followed as lines of text, never one cut in half', async () => {
    const { app, connection } = await stage();
    const client = await open(logsOf(app.slug, '&tail=5&since=all&search=Fail&runType=native&serverId='));
    const stream = await firstStream(connection);
    expect(stream).toMatchObject({ kind: 'logs', credit: limits.streamWindow, params: { app: app.id, tail: 5, filter: { ...nothing, search: 'Fail' } } });
    const bytes = Buffer.from(line(1) + line(2));
    const cut = bytes.indexOf('ü') + 1;
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut, -5), bytes.subarray(-5)]) stream.write(part);
    await expect.poll(() => client.text()).toBe(plain(1) + plain(2));
    stream.write('{"dropped":7}\n');
    stream.write(line(3));
    await expect.poll(() => client.text()).toBe(`${plain(1)}${plain(2)}[7 lines left out]\n${plain(3)}`);
    for (const message of client.messages) expect(message).toMatch(/^(.+\n)+$/);
    stream.close();
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    await connection.close();
  });

  test('credit comes back for what came, not for what it was rendered as', async () => {
    const { app, connection } = await stage();
    const client = await open(logsOf(app.slug));
    const stream = await firstStream(connection);
    const block = line(1).repeat(400);
    const blocks = Math.ceil((3 * limits.streamWindow) / block.length);
    for (let i = 0; i < blocks; i++) {
      await connection.until(() => (stream.credit >= block.length ? true : undefined));
      stream.write(block);
    }
    await expect.poll(() => client.text().length, { timeout: 10_000 }).toBe(plain(1).repeat(400).length * blocks);
    await client.close();
    expect(await connection.until(() => (stream.isClosed ? true : undefined))).toBe(true);
    await connection.close();
  });

  test('what is no line of a log ends its own stream and nothing else', async () => {
    const { app, connection } = await stage();
    const client = await open(logsOf(app.slug));
    (await firstStream(connection)).write('no JSON\n');
    expect(await client.closed).toEqual({ code: 4503, reason: 'executor_lost: The executor sent what is no line of a log.' });
    expect(connection.isOpen()).toBe(true);
    await connection.close();
  });

  test('an application is found by its name, its id and the name of its container, whose log is of that deployment alone', async () => {
    const { app, connection } = await stage();
    const first = await deploy(connection, app);
    const second = await deploy(connection, app);
    const [listed] = await expectDokploy<{ containerId: string }[]>(plane(), 'docker.getContainersByAppNameMatch', { appName: app.slug });
    const names = [app.slug, app.id, containerName(app.slug, first.id), listed?.containerId ?? ''];
    const clients: SocketClient[] = [];
    for (const name of names) clients.push(await open(logsOf(name)));
    await firstStream(connection, 3);
    expect(connection.streams.map(({ params }) => (params as { filter: { deployment: string | null } }).filter.deployment)).toEqual([null, null, first.id, second.id]);
    for (const client of clients) await client.close();
    await connection.close();
  });

  test('a terminal: text both ways, whole characters, and what was typed never taken for anything else', async () => {
    const { app, connection } = await stage();
    const current = await deploy(connection, app);
    const client = await open(terminalOf(containerName(app.slug, current.id), '&activeWay=bash'), { headers: { 'x-api-key': plane().credentials.api_key }, protocols: ['dockup.exec.v1'] });
    const stream = await firstStream(connection);
    expect(stream).toMatchObject({ kind: 'exec', params: { app: app.id, cmd: ['bash'], cols: 80, rows: 24 } });
    const typed = '{"type":"resize","cols":1,"rows":1}';
    client.send(typed);
    client.send(Buffer.from('ls €\n'));
    expect(await connection.until(() => (stream.input.length >= Buffer.byteLength(`${typed}ls €\n`) ? stream.input.toString() : undefined))).toBe(`${typed}ls €\n`);
    expect(stream.sizes).toEqual([]);
    const echo = Buffer.from('\u001b[1m€ 😀 ü\r\n');
    for (const byte of echo) stream.write(Buffer.from([byte]));
    stream.write(Buffer.from([0xff, 0x0a]));
    await expect.poll(() => client.text()).toBe('\u001b[1m€ 😀 ü\r\n\uFFFD\n');
    expect(client.messages.every((message) => typeof message === 'string')).toBe(true);
    stream.close({ exit_code: 0 });
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(client.text()).toBe('\u001b[1m€ 😀 ü\r\n\uFFFD\n');
    const { data } = await plane().expect(200, eventPage, plane().request('GET', `/api/v1/apps/${app.slug}/events`));
    expect(data).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'app.exec', message: 'opened a terminal with bash' })]));
    await connection.close();
  });

  test('SEC-01 every door of our own sockets opens these, and a ticket opens what it was given for', async () => {
    const { app, connection } = await stage();
    const { api_key: key, email, password } = plane().credentials;
    const { token } = await logIn(plane(), email, password);
    const ask = async (body: object) => (await plane().expect(201, ticketReply, plane().request('POST', '/api/v1/ws-tickets', { body: { app: app.slug, ...body } }))).ticket;
    const clients = [
      await open(logsOf(app.slug), { token: key }),
      await open(logsOf(app.slug), { token }),
      await open(logsOf(app.slug, `&token=${key}`), {}),
      await open(logsOf(app.slug), { protocols: ['dockup.v1', `dockup.bearer.${token}`] }),
      await open(logsOf(app.slug, `&ticket=${await ask({ action: 'logs' })}`), {}),
      await open(terminalOf(app.slug, `&activeWay=sh&ticket=${await ask({ action: 'exec', cmd: ['sh'] })}`), {}),
    ];
    await firstStream(connection, clients.length - 1);
    for (const client of clients) await client.close();
    const other = await ask({ action: 'exec', cmd: ['sh'] });
    expect((await (await open(terminalOf(app.slug, `&activeWay=bash&ticket=${other}`), {})).closed).code).toBe(4403);
    expect(connection.streams).toHaveLength(clients.length);
    await connection.close();
  });

  /** A member with a key from when they might have one. */
  async function addMember(body: Record<string, unknown> = {}): Promise<{ id: string; session: string; key: string }> {
    const account = { email: `socket-${++count}@example.com`, password: 'twelve-characters' };
    const { id } = await plane().expect(201, user, plane().request('POST', '/api/v1/users', { body: { ...account, grants: ['api_tokens'] } }));
    const { token } = await logIn(plane(), account.email, account.password);
    const { key } = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { token, body: { name: 'ws', ...body } }));
    return { id, session: token, key };
  }

  test('SEC-02 SEC-03 SEC-09 a refused one says why as it closes, and nothing is sent or recorded', async () => {
    const { app, connection } = await stage();
    const old = await deploy(connection, app);
    await deploy(connection, app);
    const before = connection.received.length;
    const stranger = await addMember();
    const without = await addMember();
    await plane().expect(200, user, plane().request('PATCH', `/api/v1/users/${without.id}`, { body: { grants: [] } }));
    const reader = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { body: { name: 'reader', scopes: ['apps:read'] } }));
    const { api_key: key } = plane().credentials;
    const by = (value: string) => ({ headers: { 'x-api-key': value } });
    const container = containerName(app.slug, old.id);
    const refused: [path: string, options: object, code: number, reason: string][] = [
      [logsOf(app.slug), {}, 4401, 'unauthenticated'],
      [terminalOf(app.slug), { headers: { origin: plane().url, cookie: `token=${key}; session=${key}` } }, 4401, 'unauthenticated'],
      [logsOf(app.slug), by('nonsense'), 4401, 'invalid_token'],
      [terminalOf(app.slug), by(`dkp_${'0'.repeat(48)}`), 4401, 'invalid_token'],
      [logsOf(app.slug), by(stranger.key), 4404, 'app_not_found'],
      [logsOf(app.id), by(stranger.key), 4404, 'app_not_found'],
      [logsOf(container), by(stranger.key), 4404, 'app_not_found'],
      [terminalOf(container), { token: stranger.session }, 4404, 'app_not_found'],
      [terminalOf(app.slug), by(stranger.key), 4404, 'app_not_found'],
      [logsOf(app.slug), by(without.key), 4403, 'grant_missing'],
      [logsOf('nowhere'), { token: without.session }, 4403, 'grant_missing'],
      [terminalOf(app.slug), { token: without.session }, 4403, 'grant_missing'],
      [logsOf(app.slug), by(reader.key), 4403, 'scope_missing'],
      [terminalOf(app.slug), by(reader.key), 4403, 'scope_missing'],
      [logsOf(`dockup-${app.slug}-${'0'.repeat(12)}`), by(key), 4404, 'app_not_found'],
      [terminalOf(container), by(key), 4404, 'app_not_found'],
      [logsOf(''), by(key), 4422, 'too_short'],
      ['/docker-container-logs', by(key), 4422, 'missing_field'],
      [logsOf(app.slug, '&since=yesterday'), by(key), 4422, 'invalid_value'],
      [terminalOf(app.slug, '&activeWay=sh%20-c%20id'), by(key), 4422, 'invalid_value'],
    ];
    for (const [address, options, code, reason] of refused) {
      const client = await open(address, options);
      const closed = await client.closed;
      expect({ address, options, code: closed.code, reason: closed.reason.split(':')[0], text: client.text() }).toEqual({ address, options, code, reason, text: '' });
    }
    expect(connection.streams).toEqual([]);
    expect(connection.received).toHaveLength(before);
    const { data } = await plane().expect(200, eventPage, plane().request('GET', `/api/v1/apps/${app.slug}/events`));
    expect(data.filter(({ type }) => type === 'app.exec')).toEqual([]);
    await connection.close();
  });

  test('without an upgrade it says that one is needed, to whom it may concern', async () => {
    const { app, connection } = await stage();
    for (const path of [logsOf(app.slug), terminalOf(app.slug)]) {
      expect(await plane().request('GET', path)).toMatchObject({ status: 426, body: { code: 'upgrade_required' } });
      expect(await plane().request('GET', path, { token: null })).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    }
    expect(connection.streams).toEqual([]);
    await connection.close();
  });
}
