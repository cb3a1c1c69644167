import { expect, test } from 'vitest';
import { createdApiKey, session, user } from '../../../shared/api/auth.ts';
import { share } from '../../../shared/api/shares.ts';
import { ticket as ticketReply } from '../../../shared/api/sockets.ts';
import { team } from '../../../shared/api/teams.ts';
import { openSocket } from '../../support/socket-client.ts';
import { connectAndServe, setScene, type Plane } from './scene.ts';

let count = 0;

export function sharingCases(plane: Plane): void {
  const request = (method: string, path: string, body?: unknown, token?: string) => plane().request(method, path, { ...(body !== undefined && { body }), ...(token !== undefined && { token }) });

  async function addMember(): Promise<{ id: string; session: string; key: string }> {
    const account = { email: `member-${++count}@example.com`, password: 'twelve-characters' };
    const { id } = await plane().expect(201, user, request('POST', '/api/v1/users', { ...account, grants: ['api_tokens'] }));
    const { token } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: account }));
    const { key } = await plane().expect(201, createdApiKey, request('POST', '/api/v1/api-keys', { name: 'k' }, token));
    return { id, session: token, key };
  }

  test('SEC-03 an app that is shared opens the sockets of its role, by the session, the key and a ticket, until it no longer is', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    const { app } = scene;
    const path = `/api/v1/apps/${app.slug}`;
    const member = await addMember();
    const reasonOf = async (address: string, token?: string) => (await (await openSocket({ url: plane().url, path: address, ...(token !== undefined && { token }) })).closed).reason.split(':')[0];
    expect(await reasonOf(`${path}/logs/stream`, member.session)).toBe('app_not_found');

    const access = `${path}/access/${member.id}`;
    await plane().expect(200, share, request('PUT', access, { role: 'viewer' }));
    expect([await reasonOf(`${path}/exec`, member.session), await reasonOf(`${path}/exec`, member.key)]).toEqual(['forbidden', 'forbidden']);
    expect(connection.streams).toEqual([]);
    const { ticket } = await plane().expect(201, ticketReply, request('POST', '/api/v1/ws-tickets', { app: app.id, action: 'logs' }, member.session));
    const clients = [await openSocket({ url: plane().url, path: `${path}/stats/stream`, token: member.key }), await openSocket({ url: plane().url, path: `${path}/logs/stream?ticket=${ticket}` })];
    await connection.until(() => connection.streams[clients.length - 1]);

    await plane().expect(200, share, request('PUT', access, { role: 'developer' }));
    const late = await plane().expect(201, ticketReply, request('POST', '/api/v1/ws-tickets', { app: app.id, action: 'exec' }, member.session));
    clients.push(await openSocket({ url: plane().url, path: `${path}/exec`, token: member.session }));
    await connection.until(() => connection.streams[clients.length - 1]);
    // A ticket from before gives no right that is gone.
    expect((await request('DELETE', access)).status).toBe(204);
    expect([await reasonOf(`${path}/exec?ticket=${late.ticket}`), await reasonOf(`${path}/logs/stream`, member.key)]).toEqual(['app_not_found', 'app_not_found']);
    for (const client of clients) await client.close();
    await connection.close();
  });

  test('SEC-03 what is shared with a team is in the lists of its members, and goes with the team, the project and the user', async () => {
    const { app } = await setScene(plane());
    const member = await addMember();
    const { id: teamId } = await plane().expect(201, team, request('POST', '/api/v1/teams', { name: 'Shop' }));
    await plane().expect(200, team, request('PUT', `/api/v1/teams/${teamId}/members/${member.id}`));
    await plane().expect(200, share, request('PUT', `/api/v1/projects/${app.project_id}/access/${teamId}`, {}));
    const reached = async () => JSON.stringify([await request('GET', '/api/v1/projects', undefined, member.key), await request('GET', '/api/v1/apps', undefined, member.session)].map(({ body }) => body));
    expect(await reached()).toContain(app.id);
    expect(await reached()).toContain(app.project_id);
    const own = await plane().createProject();
    await plane().expect(200, share, request('PUT', `/api/v1/projects/${own.id}/access/${member.id}`, {}));
    expect(await reached()).toContain(own.id);
    expect((await request('DELETE', `/api/v1/projects/${own.id}`)).status).toBe(204);
    expect((await request('DELETE', `/api/v1/teams/${teamId}`)).status).toBe(204);
    expect(await reached()).not.toMatch(/prj_|app_/);
    await plane().expect(200, share, request('PUT', `/api/v1/apps/${app.id}/access/${member.id}`, {}));
    expect((await request('DELETE', `/api/v1/users/${member.id}`)).status).toBe(204);
    const left = await plane().database.execute({ sql: 'select * from shares where user_id = ? or team_id = ? or project_id = ?', args: [member.id, teamId, own.id] });
    expect(left.rows).toEqual([]);
  });
}
