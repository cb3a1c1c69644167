import { expect, test } from 'vitest';
import { session, user } from '../../../shared/api/auth.ts';
import { createdInvitation, invitationPage } from '../../../shared/api/invitations.ts';
import { team } from '../../../shared/api/teams.ts';
import type { Plane } from './scene.ts';

let count = 0;

export function invitationCases(plane: Plane): void {
  const password = 'a-password-of-their-own';
  const request = (method: string, path: string, body?: unknown, token?: string) => plane().request(method, path, { ...(body !== undefined && { body }), ...(token !== undefined && { token }) });
  const addressOf = () => `invited-${++count}@example.com`;
  const invite = (fields: object, token?: string) => plane().expect(201, createdInvitation, request('POST', '/api/v1/invitations', fields, token));
  const accept = (fields: object) => plane().request('POST', '/api/v1/invitations/accept', { token: null, body: { password, ...fields } });
  const refused = { status: 401, body: { code: 'invitation_invalid' } };
  /** Cases come from one address; SEC-22 is the case of its own. */
  const forgetAttempts = () => plane().database.execute('delete from login_attempts');
  const usersWith = async (email: string) => (await plane().database.execute({ sql: 'select id, role from users where email = ?', args: [email] })).rows;

  test('SEC-15 an invitation makes one user, with its address, role, grants and teams, whoever races', async () => {
    await forgetAttempts();
    const { id: teamId } = await plane().expect(201, team, request('POST', '/api/v1/teams', { name: 'Shop' }));
    const email = addressOf();
    const { token, expires_at, created_at } = await invite({ email: email.toUpperCase(), role: 'admin', grants: ['swagger'], teams: [teamId] });
    expect(token).toMatch(/^dki_[0-9a-f]{48}$/);
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(72 * 3_600_000);

    const replies = await Promise.all([accept({ token, email }), accept({ token, email })]);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([201, 401]);
    const made = user.parse(replies.find(({ status }) => status === 201)?.body);
    expect(made).toMatchObject({ email, role: 'admin', grants: ['swagger'] });
    expect(await usersWith(email)).toHaveLength(1);
    expect((await request('GET', `/api/v1/teams/${teamId}`)).body).toMatchObject({ members: [made.id] });
    await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: { email, password } }));
    expect(await accept({ token, email })).toMatchObject(refused);
  });

  test('SEC-15 another address, an expired, a replaced and a revoked token look like an unknown one, and use nothing up', async () => {
    await forgetAttempts();
    const email = addressOf();
    const unknown = await accept({ token: `dki_${'0'.repeat(48)}`, email });
    expect(unknown).toMatchObject(refused);
    const plain = ({ body }: { body: unknown }) => ({ ...(body as object), request_id: '' });

    const first = await invite({ email });
    const { id, token } = await invite({ email, expires_in_hours: 1 });
    const before = (await plane().database.execute('select * from invitations')).rows;
    for (const tried of [await accept({ token: first.token, email }), await accept({ token, email: 'somebody-else@example.com' })]) expect(plain(tried)).toEqual(plain(unknown));
    expect(await accept({ token, email, password: 'short' })).toMatchObject({ status: 422, body: { code: 'too_short', errors: [{ pointer: '/password' }] } });
    expect((await plane().database.execute('select * from invitations')).rows).toEqual(before);

    await plane().database.execute({ sql: 'update invitations set expires_at = ? where id = ?', args: [Date.now() - 1, id] });
    expect(plain(await accept({ token, email }))).toEqual(plain(unknown));
    await plane().database.execute({ sql: 'update invitations set expires_at = ? where id = ?', args: [Date.now() + 60_000, id] });
    expect((await request('DELETE', `/api/v1/invitations/${id}`)).status).toBe(204);
    await forgetAttempts();
    expect(plain(await accept({ token, email }))).toEqual(plain(unknown));
    expect(await usersWith(email)).toEqual([]);
  });

  test('SEC-15 the token is shown once: neither the list nor the database nor the audit log holds it, and members see no invitation', async () => {
    await forgetAttempts();
    const { id, token, email } = await invite({ email: addressOf() });
    const list = await plane().expect(200, invitationPage, request('GET', '/api/v1/invitations?limit=200'));
    expect(list.data.find((one) => one.id === id)).toMatchObject({ email, role: 'member' });
    const { rows } = await plane().database.execute('select * from invitations');
    expect(rows).not.toEqual([]);
    const audit = await request('GET', '/api/v1/audit-log?action=invitation.create');
    for (const text of [list, rows, audit.body]) expect(JSON.stringify(text)).not.toContain(token);
    const made = await accept({ token, email });
    expect(made.status).toBe(201);
    const { token: own } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: { email, password } }));
    for (const [method, path, body] of [['GET', ''], ['POST', '', { email: addressOf(), role: 'admin' }], ['DELETE', `/${id}`]] as const) {
      expect(await request(method, `/api/v1/invitations${path}`, body, own)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
  });

  test('SEC-15 an administrator who is none any more leaves no way back in', async () => {
    await forgetAttempts();
    const email = addressOf();
    const { token } = await invite({ email, role: 'admin' });
    const account = user.parse((await accept({ token, email })).body);
    const { token: own } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: { email, password } }));
    const [demoted, deleted] = [await invite({ email: addressOf(), role: 'admin' }, own), await invite({ email: addressOf() }, own)];
    await plane().expect(200, user, request('PATCH', `/api/v1/users/${account.id}`, { role: 'member' }));
    expect(await accept({ token: demoted.token, email: demoted.email })).toMatchObject(refused);
    await plane().expect(200, user, request('PATCH', `/api/v1/users/${account.id}`, { role: 'admin' }));
    expect((await request('DELETE', `/api/v1/users/${account.id}`)).status).toBe(204);
    expect(await accept({ token: deleted.token, email: deleted.email })).toMatchObject(refused);
    expect([...(await usersWith(demoted.email)), ...(await usersWith(deleted.email))]).toEqual([]);
  });

  test('SEC-22 guessing tokens is counted as logging in is', async () => {
    await forgetAttempts();
    const { email, token } = await invite({ email: addressOf() });
    for (let i = 0; i < 5; i++) expect(await accept({ token: `dki_${String(i).repeat(48)}`, email })).toMatchObject(refused);
    expect(await accept({ token, email })).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } });
    await forgetAttempts();
    expect((await accept({ token, email })).status).toBe(201);
    await forgetAttempts();
  });
}
