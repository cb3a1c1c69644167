import { expect, test } from 'vitest';
import { share } from '../../../shared/api/shares.ts';
import { team } from '../../../shared/api/teams.ts';
import { defaultEnvironmentId } from '../../../shared/names.ts';
import type { Plane } from '../../protocol/cases/scene.ts';
import { addPerson, dump, logIn, withoutTrail } from '../../support/control-plane-world.ts';
import { callDokploy, expectDokploy } from '../../support/dokploy-client.ts';

interface Row {
  canAccessToAPI: boolean;
  accessedProjects: string[];
  accessedEnvironments: string[];
  accessedServices: string[];
}

let count = 0;

export function permissionCases(plane: Plane): void {
  const person = () => addPerson(plane(), `assigned-${++count}`);
  const put = (path: string, body?: object) => plane().request('PUT', path, body === undefined ? {} : { body });
  const rowOf = (userId: string) => expectDokploy<Row>(plane(), 'user.one', { userId });
  const assign = (id: string, fields: object) => callDokploy(plane(), 'user.assignPermissions', { id, accessedProjects: [], accessedServices: [], ...fields });
  const rolesOn = async (path: string) => ((await plane().request('GET', `${path}/access`)).body as { data: { user_id: string | null; role: string }[] }).data.map(({ user_id: id, role }) => [id, role]);

  async function makeProject(apps = 1) {
    const project = await plane().createProject();
    const made = [];
    for (let i = 0; i < apps; i++) made.push(await plane().createApp(project.id, { name: 'a', slug: `assigned-app-${++count}`, image: 'nginx:alpine' }));
    return { id: project.id, environmentId: defaultEnvironmentId(project.id), apps: made.map(({ id }) => id) };
  }

  async function expectRefused(expected: object, work: () => Promise<unknown>): Promise<void> {
    const before = await dump(plane());
    expect(await work()).toMatchObject(expected);
    expect(await dump(plane())).toBe(before);
  }

  test('SEC-03 what is assigned is shared, told, reached, and taken away again', async () => {
    const [member, whole, other] = [await person(), await makeProject(2), await makeProject(2)];
    const [single = ''] = other.apps;
    const lists = { accessedProjects: [whole.id], accessedEnvironments: [whole.environmentId], accessedServices: [...whole.apps, single] };
    expect(await callDokploy(plane(), 'application.stop', { applicationId: single }, member.key.text)).toMatchObject({ status: 404 });
    expect(await assign(member.id, { ...lists, canAccessToAPI: true, canCreateServices: true, accessedServers: [] })).toMatchObject({ status: 200, body: undefined });
    const row = await rowOf(member.id);
    expect({ ...row, accessedServices: row.accessedServices.toSorted() }).toMatchObject({ ...lists, accessedServices: lists.accessedServices.toSorted(), canAccessToAPI: true });
    expect([await rolesOn(`/api/v1/projects/${whole.id}`), await rolesOn(`/api/v1/apps/${single}`), await rolesOn(`/api/v1/apps/${whole.apps[0]}`)]).toEqual([[[member.id, 'developer']], [[member.id, 'developer']], []]);
    expect(await expectDokploy(plane(), 'user.get', {}, member.key.text)).toMatchObject({ accessedProjects: [whole.id] });
    expect((await expectDokploy<object[]>(plane(), 'project.all', {}, member.key.text))).toMatchObject([{ projectId: whole.id }]);
    // It is there for them, and was never deployed.
    expect(await callDokploy(plane(), 'application.stop', { applicationId: single }, member.key.text)).toMatchObject({ status: 409, body: { data: { dockupCode: 'app_not_deployed' } } });

    const before = await dump(plane());
    expect((await assign(member.id, row)).status).toBe(200);
    expect(withoutTrail(await dump(plane()))).toBe(withoutTrail(before));

    expect((await assign(member.id, { canAccessToAPI: false })).status).toBe(200);
    expect(await rowOf(member.id)).toMatchObject({ accessedProjects: [], accessedEnvironments: [], accessedServices: [], canAccessToAPI: false });
    expect(await callDokploy(plane(), 'project.all', {}, member.key.text)).toMatchObject({ status: 403, body: { data: { dockupCode: 'grant_missing' } } });
    expect(await plane().request('GET', `/api/v1/apps/${single}`, { token: member.session })).toMatchObject({ status: 404 });
    const { rows } = await plane().database.execute({ sql: "select target from audit_entries where action = 'dokploy.user.assignPermissions' and target = ?", args: [member.id] });
    expect(rows).toHaveLength(3);
    const told = await plane().database.execute({ sql: "select detail from audit_entries where action = 'user.assign_access' and target = ? order by seq", args: [member.id] });
    expect(told.rows.map(({ detail }) => JSON.parse(String(detail)) as unknown)).toMatchObject([
      { api_tokens: true, projects: [whole.id], apps: expect.arrayContaining([single]) },
      { api_tokens: true, projects: [whole.id] },
      { api_tokens: false, projects: [], apps: [] },
    ]);
  });

  test('SEC-03 a viewer stays one, also of what is left of a project, and other grants stay', async () => {
    const [member, project] = [await person(), await makeProject(2)];
    const [kept = '', dropped = ''] = project.apps;
    await plane().request('PATCH', `/api/v1/users/${member.id}`, { body: { grants: ['swagger', 'api_tokens'] } });
    await plane().expect(200, share, put(`/api/v1/projects/${project.id}/access/${member.id}`, { role: 'viewer' }));
    expect((await assign(member.id, { accessedProjects: [project.id], accessedServices: project.apps, canAccessToAPI: false })).status).toBe(200);
    expect(await rolesOn(`/api/v1/projects/${project.id}`)).toEqual([[member.id, 'viewer']]);
    expect((await assign(member.id, { accessedServices: [kept] })).status).toBe(200);
    expect([await rolesOn(`/api/v1/projects/${project.id}`), await rolesOn(`/api/v1/apps/${kept}`), await rolesOn(`/api/v1/apps/${dropped}`)]).toEqual([[], [[member.id, 'viewer']], []]);
    expect((await plane().request('GET', '/api/v1/auth/me', { token: member.session })).body).toMatchObject({ user: { grants: ['swagger'] } });
  });

  test('what cannot be meant here is refused, and nothing is shared', async () => {
    const [member, project] = [await person(), await makeProject(2)];
    const [first = ''] = project.apps;
    const whole = { accessedProjects: [project.id], accessedEnvironments: [project.environmentId], accessedServices: project.apps };
    const refused: [object, object][] = [
      [{ ...whole, accessedServices: [first] }, { status: 501, body: { message: expect.stringContaining(project.apps[1] ?? '') } }],
      [{ ...whole, accessedEnvironments: [] }, { status: 501, body: { message: expect.stringContaining(project.environmentId) } }],
      [{ ...whole, accessedProjects: [] }, { status: 501, body: { message: expect.stringContaining('accessedEnvironments') } }],
      [{ ...whole, canDeleteServices: false }, { status: 501, body: { message: expect.stringContaining('canDeleteServices') } }],
      [{ ...whole, canAccessToDocker: true }, { status: 501, body: { message: expect.stringContaining('canAccessToDocker') } }],
      [{ ...whole, accessedServers: ['srv'] }, { status: 501, body: { message: expect.stringContaining('accessedServers') } }],
      [{ ...whole, accessedServices: [...project.apps, `app_${'0'.repeat(22)}`] }, { status: 404, body: { message: 'Application not found' } }],
      [{ ...whole, accessedProjects: [`prj_${'0'.repeat(22)}`] }, { status: 404, body: { message: 'Project not found' } }],
    ];
    for (const [fields, reply] of refused) await expectRefused(reply, () => assign(member.id, fields));
    await expectRefused({ status: 404, body: { message: 'User not found' } }, () => assign(`usr_${'0'.repeat(22)}`, whole));
    await expectRefused({ status: 403 }, () => callDokploy(plane(), 'user.assignPermissions', { id: member.id, ...whole }, member.key.text));
  });

  test('what comes with a team stays with it, and administrators reach everything without', async () => {
    const [member, project] = [await person(), await makeProject()];
    const { id: teamId } = await plane().expect(201, team, plane().request('POST', '/api/v1/teams', { body: { name: 'Shop' } }));
    await plane().expect(200, team, put(`/api/v1/teams/${teamId}/members/${member.id}`));
    await plane().expect(200, share, put(`/api/v1/projects/${project.id}/access/${teamId}`, { role: 'viewer' }));
    expect(await rowOf(member.id)).toMatchObject({ accessedProjects: [project.id], accessedServices: project.apps });
    await expectRefused({ status: 501, body: { message: expect.stringContaining(project.id) } }, () => assign(member.id, {}));
    expect((await assign(member.id, await rowOf(member.id))).status).toBe(200);
    expect(await rolesOn(`/api/v1/projects/${project.id}`)).toEqual([[null, 'viewer']]);
    await plane().expect(200, share, put(`/api/v1/projects/${project.id}/access/${member.id}`, { role: 'developer' }));
    await expectRefused({ status: 501, body: { message: expect.stringContaining(project.id) } }, () => assign(member.id, {}));
    await expectDokploy(plane(), 'organization.updateMemberRole', { memberId: member.id, role: 'admin' });
    await expectRefused({ status: 501 }, () => assign(member.id, { canAccessToAPI: false }));
    await expectRefused({ status: 501 }, () => assign(member.id, { accessedProjects: [project.id] }));
    expect((await assign(member.id, await rowOf(member.id))).status).toBe(200);
  });

  test('getPermissions tells what the one who asks may do, with what they come by', async () => {
    const member = await person();
    expect(await expectDokploy(plane(), 'user.getPermissions')).toMatchObject({ server: { create: true }, project: { create: true }, envVars: { read: true }, sshKeys: { read: false } });
    expect(await expectDokploy(plane(), 'user.getPermissions', {}, member.key.text)).toMatchObject({ server: { create: false }, project: { create: true }, member: { read: false } });
  });

  test('SEC-03 sessions are listed and ended by those who are logged in, not by a key, and nobody ends those of others', async () => {
    const [member, stranger] = [await person(), await person()];
    const second = await logIn(plane(), member.email, member.password);
    const list = (key: string) => expectDokploy<{ id: string; isCurrent: boolean }[]>(plane(), 'user.listSessions', {}, key);
    const [first, other] = await list(member.session);
    expect([first, other]).toMatchObject([{ id: member.sessionId, userId: member.id, isCurrent: true }, { isCurrent: false }]);
    const otherId = other?.id ?? '';
    for (const path of ['user.listSessions', 'user.revokeSession']) await expectRefused({ status: 403, body: { data: { dockupCode: 'session_needed' } } }, () => callDokploy(plane(), path, { sessionId: otherId }, member.key.text));
    await expectRefused({ status: 404 }, () => callDokploy(plane(), 'user.revokeSession', { sessionId: otherId }, stranger.session));
    expect(await expectDokploy(plane(), 'user.revokeSession', { sessionId: otherId }, member.session)).toBe(true);
    expect(await list(member.session)).toMatchObject([{ id: member.sessionId }]);
    expect((await plane().request('GET', '/api/v1/auth/me', { token: second.token })).status).toBe(401);
  });
}
