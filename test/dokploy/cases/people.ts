import { expect, test } from 'vitest';
import { createdApiKey, user as userSchema } from '../../../shared/api/auth.ts';
import { share } from '../../../shared/api/shares.ts';
import type { Plane } from '../../protocol/cases/scene.ts';
import { addPerson } from '../../support/control-plane-world.ts';
import { callDokploy, expectDokploy } from '../../support/dokploy-client.ts';

interface Invited {
  id: string;
  token: string;
}

const password = 'a password of twelve';

let count = 0;

export function peopleCases(plane: Plane): void {
  const accept = (token: string, email: string) => plane().request('POST', '/api/v1/invitations/accept', { token: null, body: { token, email, password } });

  test('SEC-15 an invitation is answered once with its token, listed without, and accepted for its address only', async () => {
    const { id, token } = await expectDokploy<Invited>(plane(), 'organization.inviteMember', { email: 'Eve@example.com', role: 'member' });
    const list = await expectDokploy<Invited[]>(plane(), 'organization.allInvitations');
    expect(list).toMatchObject([{ id, email: 'eve@example.com', role: 'member', status: 'pending' }]);
    expect(JSON.stringify(list)).not.toContain(token);
    expect(await accept(token, 'other@example.com')).toMatchObject({ status: expect.any(Number), body: { code: 'invitation_invalid' } });
    const made = await plane().expect(201, userSchema, accept(token, 'eve@example.com'));
    expect(await expectDokploy(plane(), 'organization.allInvitations')).toEqual([]);
    expect(await expectDokploy(plane(), 'user.one', { userId: made.id })).toMatchObject({ role: 'member', canAccessToAPI: false, user: { email: 'eve@example.com' } });
    await expectDokploy(plane(), 'user.remove', { userId: made.id });
    expect(await callDokploy(plane(), 'user.one', { userId: made.id })).toMatchObject({ status: 404, body: { message: 'User not found' } });
  });

  test('SEC-15 one that is taken back is worth nothing', async () => {
    const { id, token } = await expectDokploy<Invited>(plane(), 'organization.inviteMember', { email: 'mallory@example.com', role: 'admin' });
    await expectDokploy(plane(), 'organization.removeInvitation', { invitationId: id });
    expect(await callDokploy(plane(), 'organization.removeInvitation', { invitationId: id })).toMatchObject({ status: 404, body: { message: 'Invitation not found' } });
    expect((await accept(token, 'mallory@example.com')).body).toMatchObject({ code: 'invitation_invalid' });
  });

  test('people are added, promoted and listed, and the owner is not demoted', async () => {
    const { id } = await expectDokploy<{ id: string }>(plane(), 'user.createUserWithCredentials', { email: 'frank@example.com', password, role: 'member' });
    expect(await expectDokploy(plane(), 'organization.updateMemberRole', { memberId: id, role: 'admin' })).toBe(true);
    const all = await expectDokploy<{ id: string; role: string }[]>(plane(), 'user.all');
    expect(all.find((one) => one.id === id)).toMatchObject({ role: 'admin', canAccessToAPI: true });
    const owner = all.find(({ role }) => role === 'owner');
    expect(await callDokploy(plane(), 'organization.updateMemberRole', { memberId: owner?.id ?? '', role: 'member' })).toMatchObject({ status: 403, body: { data: { dockupCode: 'owner_protected' } } });
    await expectDokploy(plane(), 'user.remove', { userId: id });
  });

  test('a key is made, shown once, listed by its beginning, used and deleted', async () => {
    const { id, key } = await expectDokploy<{ id: string; key: string }>(plane(), 'user.createApiKey', { name: 'ci', expiresIn: 3600, metadata: { organizationId: 'dockup' } });
    const own = await expectDokploy<{ user: { apiKeys: { id: string; start: string }[] } }>(plane(), 'user.get', {}, key);
    expect(own.user.apiKeys.find((one) => one.id === id)).toMatchObject({ name: 'ci', start: key.slice(0, 10), expiresAt: expect.any(String) });
    expect(JSON.stringify(own)).not.toContain(key);
    expect(await callDokploy(plane(), 'user.createApiKey', { name: 'limited', rateLimitEnabled: true })).toMatchObject({ status: 501, body: { message: expect.stringContaining('rateLimitEnabled') } });
    expect(await expectDokploy(plane(), 'user.deleteApiKey', { apiKeyId: id })).toBe(true);
    expect((await callDokploy(plane(), 'user.get', {}, key)).status).toBe(401);
  });
  test.each([
    ['scopes', () => ({ scopes: ['apps:read'] })],
    ['an app', (app: string) => ({ apps: [app] })],
  ])('SEC-03 user.get tells a key that is limited to %s whose it is, and nothing of other keys or of what is shared', async (_what, limits) => {
    const member = await addPerson(plane(), `told-of-themselves-${++count}`);
    const project = await plane().createProject();
    const app = await plane().createApp(project.id, { name: 'a', slug: `told-of-${count}`, image: 'nginx:alpine' });
    await plane().expect(200, share, plane().request('PUT', `/api/v1/projects/${project.id}/access/${member.id}`, { body: { role: 'viewer' } }));
    const { key } = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { token: member.session, body: { name: 'limited', ...limits(app.id) } }));
    expect(await expectDokploy(plane(), 'user.get', {}, key)).toMatchObject({ id: member.id, role: 'member', accessedProjects: [], accessedEnvironments: [], accessedServices: [], user: { email: member.email, apiKeys: [] } });
    const whole = await expectDokploy<{ user: { apiKeys: object[] } }>(plane(), 'user.get', {}, member.session);
    expect([whole, whole.user.apiKeys.length]).toMatchObject([{ accessedProjects: [project.id] }, 2]);
    expect(await callDokploy(plane(), 'user.deleteApiKey', { apiKeyId: 'any' }, key)).toMatchObject({ status: 403, body: { data: { dockupCode: 'scope_missing' } } });
  });
}
