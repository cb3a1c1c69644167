import { expect, test } from 'vitest';
import { session, user, userPage } from '../../../shared/api/auth.ts';
import type { Plane } from './scene.ts';

let count = 0;

export function peopleCases(plane: Plane): void {
  const logIn = async (account: { email: string; password: string }) => (await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: account }))).token;

  test('SEC-03 the owner hands the instance over on a session, and nobody else does; there is one at all times', async () => {
    const account = { email: `heir-${++count}@example.com`, password: 'twelve-characters' };
    const heir = await plane().expect(201, user, plane().request('POST', '/api/v1/users', { body: { ...account, role: 'admin' } }));
    const { email, password } = plane().credentials;
    const [ofOwner, ofHeir] = [await logIn({ email, password }), await logIn(account)];
    const people = async () => (await plane().expect(200, userPage, plane().request('GET', '/api/v1/users?limit=200'))).data;
    const owner = (await people()).find(({ role }) => role === 'owner');
    expect(owner).toMatchObject({ email });
    const ask = (method: string, path: string, token: string, body?: unknown) => plane().request(method, path, { token, ...(body !== undefined && { body }) });
    const handOver = (id = heir.id) => `/api/v1/users/${id}/make-owner`;

    const before = await people();
    expect(await ask('POST', handOver(), plane().credentials.api_key)).toMatchObject({ status: 403, body: { code: 'session_needed' } });
    expect(await ask('POST', handOver(), ofHeir)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await ask('PATCH', `/api/v1/users/${owner?.id}`, ofHeir, { role: 'member' })).toMatchObject({ status: 403, body: { code: 'owner_protected' } });
    expect(await ask('DELETE', `/api/v1/users/${owner?.id}`, ofHeir)).toMatchObject({ status: 403, body: { code: 'owner_protected' } });
    expect(await ask('PATCH', `/api/v1/users/${heir.id}`, ofOwner, { role: 'owner' })).toMatchObject({ status: 422, body: { code: 'invalid_value', errors: [{ pointer: '/role' }] } });
    expect(await people()).toEqual(before);

    expect(await ask('POST', handOver(), ofOwner)).toMatchObject({ status: 200, body: { id: heir.id, role: 'owner' } });
    expect((await people()).filter(({ role }) => role !== 'member').map(({ id, role }) => [id, role])).toEqual(expect.arrayContaining([[owner?.id, 'admin'], [heir.id, 'owner']]));
    expect(await ask('POST', handOver(owner?.id), ofOwner)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await ask('POST', handOver(owner?.id), ofHeir)).toMatchObject({ status: 200, body: { role: 'owner' } });
    expect(await people()).toEqual(before);
  });
}
