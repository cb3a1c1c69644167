import { expect, test } from 'vitest';
import { team } from '../../../shared/api/teams.ts';
import { ticket as ticketReply } from '../../../shared/api/sockets.ts';
import { addPerson, logIn, type Person } from '../../support/control-plane-world.ts';
import { expectDokploy } from '../../support/dokploy-client.ts';
import { openEventSource, type EventSource } from '../../support/event-source.ts';
import type { Connection } from '../../support/fake-executor.ts';
import { openSocket } from '../../support/socket-client.ts';
import { connectAndServe, requestDeploy, setScene, type Plane, type Scene } from './scene.ts';

type Ways = 'logs by session' | 'terminal by key' | 'samples by ticket' | 'lines by key' | 'events by session' | "Dokploy's log by key" | "Dokploy's deployment by session";
/** By what it was opened, how it has ended: the code that says why; null while it goes on. */
type Ends = Record<Ways, string | null>;

const ofSession = ['logs by session', 'samples by ticket', 'events by session', "Dokploy's deployment by session"] as const;
const ofKey = ['terminal by key', 'lines by key', "Dokploy's log by key"] as const;
const line = `${JSON.stringify({ time: '2026-11-22T18:50:28.123456789Z', stream: 'stdout', text: 'still there', cursor: 'c1.x.1', deployment: 'dep_1' })}\n`;

let count = 0;

interface Stage extends Scene {
  connection: Connection;
  member: Person;
  access: string;
}

export function lostRightCases(plane: Plane): void {
  const asAdministrator = async (method: string, path: string, body?: unknown) => {
    const reply = await plane().request(method, path, { ...(body !== undefined && { body }) });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };

  async function stage(): Promise<Stage> {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    const member = await addPerson(plane(), `holder-${++count}`);
    return { ...scene, connection, member, access: `/api/v1/apps/${scene.app.id}/access/${member.id}` };
  }

  /** One stream of each kind, by each kind of token. */
  async function openAll({ app, connection, member }: Stage): Promise<{ ends: Ends; leave(): void }> {
    const { url } = plane();
    const { session, key: { text: key } } = member;
    const { id: deployment } = await requestDeploy(plane(), app);
    const path = `/api/v1/apps/${app.slug}`;
    const { ticket } = await plane().expect(201, ticketReply, plane().request('POST', '/api/v1/ws-tickets', { token: session, body: { app: app.id, action: 'stats' } }));
    const ends = Object.fromEntries([...ofSession, ...ofKey].map((way) => [way, null])) as Ends;
    const sockets: [Ways, Parameters<typeof openSocket>[0]][] = [
      ['logs by session', { url, path: `${path}/logs/stream`, token: session }],
      ['terminal by key', { url, path: `${path}/exec`, token: key }],
      ['samples by ticket', { url, path: `${path}/stats/stream?ticket=${ticket}` }],
      ["Dokploy's log by key", { url, path: `/docker-container-logs?containerId=${app.slug}`, headers: { 'x-api-key': key } }],
      ["Dokploy's deployment by session", { url, path: `/listen-deployment?logPath=${deployment}`, token: session }],
    ];
    for (const [way, options] of sockets) void (await openSocket(options)).closed.then(({ code, reason }) => (ends[way] = `${code} ${reason.split(':')[0]}`));
    const sources: EventSource[] = [];
    const follow = async (way: Ways, address: string, token: string) => {
      const source = await openEventSource({ url: `${url}${path}${address}`, token });
      sources.push(source);
      const read = async (): Promise<void> => {
        const told = await source.next();
        if (told?.event === 'failure') ends[way] = (told.data as { code: string }).code;
        else if (told !== undefined) await read();
      };
      // Those that go on are left.
      read().catch(() => undefined);
    };
    await follow('lines by key', '/logs/stream', key);
    await follow('events by session', '/events/stream', session);
    await connection.until(() => connection.streams[5]);
    return { ends, leave: () => sources.forEach((source) => source.leave()) };
  }

  const expectEnded = (ends: Ends, ways: readonly Ways[], code: string) =>
    expect.poll(() => ways.map((way) => `${way}: ${ends[way]?.split(' ').at(-1)}`), { timeout: 5_000 }).toEqual(ways.map((way) => `${way}: ${code}`));
  const openOnes = (ends: Ends) => Object.entries(ends).flatMap(([way, end]) => (end === null ? [way] : []));

  const lost: [what: string, lose: (stage: Stage) => Promise<unknown>, ended: readonly Ways[], code: string][] = [
    ['the share', ({ access }) => asAdministrator('DELETE', access), [...ofSession, ...ofKey], 'app_not_found'],
    ["the share, by the lists of Dokploy's members", ({ member }) => expectDokploy(plane(), 'user.assignPermissions', { id: member.id, accessedProjects: [], accessedServices: [] }), [...ofSession, ...ofKey], 'app_not_found'],
    ["the grant of keys, by the flags of Dokploy's members", ({ app, member }) => expectDokploy(plane(), 'user.assignPermissions', { id: member.id, accessedProjects: [], accessedServices: [app.id], canAccessToAPI: false }), [...ofKey, "Dokploy's deployment by session"], 'grant_missing'],
    ['the role for commands', ({ access }) => asAdministrator('PUT', access, { role: 'viewer' }), ['terminal by key'], 'forbidden'],
    ['the session', ({ member }) => plane().request('POST', '/api/v1/auth/logout', { token: member.session }), ofSession, 'invalid_token'],
    ['the key', ({ member }) => plane().request('DELETE', `/api/v1/api-keys/${member.key.id}`, { token: member.session }), ofKey, 'invalid_token'],
    ['the user', ({ member }) => asAdministrator('DELETE', `/api/v1/users/${member.id}`), [...ofSession, ...ofKey], 'invalid_token'],
    [
      'the session by a change of the password',
      async ({ member: { email, password } }) => plane().request('POST', '/api/v1/auth/password', { token: (await logIn(plane(), email, password)).token, body: { current_password: password, new_password: 'another-password-of-theirs' } }),
      ofSession,
      'invalid_token',
    ],
    ['the grant of keys', ({ member }) => asAdministrator('PATCH', `/api/v1/users/${member.id}`, { grants: [] }), [...ofKey, "Dokploy's deployment by session"], 'grant_missing'],
  ];
  test.each(lost)('SEC-03 what was opened before %s was lost ends, at either end, and nothing else does', async (_what, lose, ended, code) => {
    const staged = await stage();
    const { connection, app, access } = staged;
    await asAdministrator('PUT', access, { role: 'developer' });
    const { ends, leave } = await openAll(staged);
    const other = await openSocket({ url: plane().url, path: `/api/v1/apps/${app.slug}/logs/stream`, token: plane().credentials.api_key });
    const kept = await connection.until(() => connection.streams[6]);
    await lose(staged);
    await expectEnded(ends, ended, code);
    expect(openOnes(ends).toSorted()).toEqual([...ofSession, ...ofKey].filter((way) => !ended.includes(way)).toSorted());
    const atExecutor = ended.filter((way) => way !== 'events by session').length;
    await connection.until(() => (connection.streams.filter(({ isClosed }) => isClosed).length === atExecutor ? true : undefined));
    kept.write(line);
    await expect.poll(() => other.text()).toBe(line);
    leave();
    await other.close();
    await connection.close();
  });

  test('SEC-03 so does what was shared with a team, when it goes or somebody leaves it', async () => {
    const staged = await stage();
    const { id } = await plane().expect(201, team, plane().request('POST', '/api/v1/teams', { body: { name: 'holders' } }));
    await asAdministrator('PUT', `/api/v1/apps/${staged.app.id}/access/${id}`, { role: 'developer' });
    for (const lose of [() => asAdministrator('DELETE', `/api/v1/teams/${id}/members/${staged.member.id}`), () => asAdministrator('DELETE', `/api/v1/teams/${id}`)]) {
      await asAdministrator('PUT', `/api/v1/teams/${id}/members/${staged.member.id}`);
      const client = await openSocket({ url: plane().url, path: `/api/v1/apps/${staged.app.slug}/logs/stream`, token: staged.member.session });
      await lose();
      expect(await client.closed).toMatchObject({ code: 4404, reason: expect.stringMatching(/^app_not_found/) });
    }
    await staged.connection.close();
  });
}
