import { expect, test } from 'vitest';
import { createdApiKey, session, user } from '../../../shared/api/auth.ts';
import { team } from '../../../shared/api/teams.ts';
import type { Plane } from '../../protocol/cases/scene.ts';
import { callDokploy, expectDokploy } from '../../support/dokploy-client.ts';

interface Entry {
  id: string;
  userId: string | null;
  userEmail: string;
  userRole: string;
  action: string;
  resourceType: string;
  resourceId: string;
  resourceName: string | null;
  metadata: string;
  createdAt: string;
}

interface Answer {
  logs: Entry[];
  total: number;
}

export function auditLogCases(plane: Plane): void {
  const all = (input: Record<string, unknown> = {}) => expectDokploy<Answer>(plane(), 'auditLog.all', input);
  const makeTeam = (name: string) => plane().expect(201, team, plane().request('POST', '/api/v1/teams', { body: { name } }));

  test('it tells who did what, in the words of Dokploy and in ours, whichever door was used', async () => {
    const made = await makeTeam('told of');
    const { project: { projectId } } = await expectDokploy<{ project: { projectId: string } }>(plane(), 'project.create', { name: 'told of' });
    await expectDokploy(plane(), 'project.remove', { projectId });
    const { email } = plane().credentials;
    const who = { userId: expect.stringMatching(/^usr_/), userEmail: email, userRole: 'owner' };
    const { logs } = await all({ limit: 3 });
    expect(logs).toMatchObject([
      { ...who, action: 'delete', resourceType: 'project', resourceId: projectId },
      { ...who, action: 'create', resourceType: 'project' },
      { ...who, action: 'create', resourceType: 'user', resourceId: made.id, resourceName: 'told of' },
    ]);
    expect(logs.map(({ metadata }) => JSON.parse(metadata) as unknown)).toMatchObject([{ action: 'dokploy.project.remove', outcome: 'done', via: 'api_key' }, { action: 'dokploy.project.create' }, { action: 'team.create', target: made.id, name: 'told of' }]);
    const first = (await all({ limit: 1, offset: (await all()).total - 1 })).logs[0];
    expect(first).toMatchObject({ userId: null, userEmail: 'system', userRole: 'system', action: 'create', resourceType: 'settings' });
  });

  test('it is found by who, what and when, and read a page at a time', async () => {
    const account = { email: 'Zoe-told@example.com', password: 'twelve-characters' };
    const { id } = await plane().expect(201, user, plane().request('POST', '/api/v1/users', { body: { ...account, grants: ['api_tokens'] } }));
    const before = new Date().toISOString();
    const { token } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: account }));
    await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { token, body: { name: 'Found 100%' } }));
    const told = async (input: Record<string, unknown>) => (await all(input)).logs.map(({ action, resourceType }) => `${action} ${resourceType}`);
    const hers = ['create user', 'login session'];
    expect(await told({ userId: id })).toEqual(hers);
    expect(await told({ userEmail: 'ZOE-TOLD' })).toEqual(hers);
    expect(await told({ userId: id, action: 'login' })).toEqual(['login session']);
    expect(await told({ userId: id, resourceType: 'user' })).toEqual(['create user']);
    expect(await told({ resourceName: 'found 100%' })).toEqual(['create user']);
    expect(await told({ resourceName: 'found 1_0' })).toEqual([]);
    expect(await told({ userId: id, to: before })).toEqual([]);
    expect(await told({ userId: id, from: before, action: '', userEmail: '' }).catch((error: Error) => error.message)).toContain('400');
    expect(await told({ userId: id, from: before, userEmail: '' })).toEqual(hers);
    expect(await told({ userId: id, resourceType: 'certificate' })).toEqual([]);

    const whole = await all({ limit: 500 });
    expect(whole.logs).toHaveLength(whole.total);
    const pages = [];
    for (let offset = 0; offset < whole.total; offset += 7) pages.push(...(await all({ limit: 7, offset })).logs);
    expect(pages).toEqual(whole.logs);
    const ofUsers = await all({ resourceType: 'user', limit: 1 });
    expect([ofUsers.logs.length, ofUsers.total]).toEqual([1, whole.logs.filter(({ resourceType }) => resourceType === 'user').length]);
    await plane().request('DELETE', `/api/v1/users/${id}`);
    expect((await all({ userId: id })).logs).toMatchObject([{ userId: null, userEmail: id }, { userId: null, userEmail: id }]);
  });

  test('SEC-09 SEC-11 it is for administrators alone, holds no secret, and reading it leaves no entry', async () => {
    const account = { email: 'yan@example.com', password: 'twelve-characters' };
    const { id } = await plane().expect(201, user, plane().request('POST', '/api/v1/users', { body: { ...account, grants: ['api_tokens'] } }));
    const { token } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: account }));
    const { key } = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { token, body: { name: 'k' } }));
    const before = await all({ limit: 500 });
    expect(await callDokploy(plane(), 'auditLog.all', {}, key)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN', data: { dockupCode: 'forbidden' } } });
    expect(await all({ limit: 500 })).toEqual(before);
    for (const secret of [key, token, account.password]) expect(JSON.stringify(before)).not.toContain(secret);
    await plane().request('DELETE', `/api/v1/users/${id}`);
  });
}
