import { expect, test } from 'vitest';
import type { z } from 'zod';
import { createdApiKey, session, user } from '../../../shared/api/auth.ts';
import { loginSessionPage } from '../../../shared/api/sessions.ts';
import type { Plane } from './scene.ts';

let count = 0;

export function signInCases(plane: Plane): void {
  const call = (method: string, path: string, token: string, body?: unknown) => plane().request(method, `/api/v1/auth/${path}`, { token, ...(body !== undefined && { body }) });
  const read = <T extends z.ZodType>(status: number, schema: T, ...asked: Parameters<typeof call>) => plane().expect(status, schema, call(...asked));

  async function addPerson() {
    const account = { email: `person-${++count}@example.com`, password: 'correct horse battery' };
    const { id } = await plane().expect(201, user, plane().request('POST', '/api/v1/users', { body: { ...account, grants: ['api_tokens'] } }));
    const tryLogIn = (fields: object = {}) => plane().request('POST', '/api/v1/auth/login', { token: null, body: { ...account, ...fields }, headers: { 'user-agent': 'tests/1' } });
    const logIn = async (fields: object = {}) => (await plane().expect(200, session, tryLogIn(fields))).token;
    return { id, ...account, tryLogIn, logIn };
  }

  /** Whether the token still is one. */
  const isGood = async (token: string) => (await call('GET', 'me', token)).status === 200;
  const listOf = async (token: string) => (await read(200, loginSessionPage, 'GET', 'sessions', token)).data;
  const rowsOf = async (sql: string, id: string) => (await plane().database.execute({ sql, args: [id] })).rows;

  test('logins are listed to whoever they are of, and end one by one, all others or by logging out', async () => {
    const { id, logIn } = await addPerson();
    const [one, two, three] = [await logIn(), await logIn(), await logIn()];
    const listed = await listOf(two);
    expect(listed.map(({ current, how, user_agent }) => ({ current, how, user_agent }))).toEqual([false, true, false].map((current) => ({ current, how: 'password', user_agent: 'tests/1' })));

    expect(await call('DELETE', `sessions/${listed[0]?.id}`, two)).toMatchObject({ status: 204 });
    expect(await call('GET', 'me', one)).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    expect(await call('DELETE', `sessions/${listed[0]?.id}`, two)).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    const stranger = await (await addPerson()).logIn();
    expect(await call('DELETE', `sessions/${listed[2]?.id}`, stranger)).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect(await call('DELETE', 'sessions', stranger)).toMatchObject({ status: 204 });
    expect([await isGood(two), await isGood(three)]).toEqual([true, true]);

    expect(await call('DELETE', 'sessions', three)).toMatchObject({ status: 204 });
    expect([await isGood(two), await isGood(three)]).toEqual([false, true]);
    expect(await call('POST', 'logout', three)).toMatchObject({ status: 204 });
    expect(await call('POST', 'logout', three)).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    expect(await rowsOf('select id from sessions where user_id = ?', id)).toEqual([]);
  });

  test('SEC-12 a new password takes the old one and a session; other sessions end, keys stay', async () => {
    const { id, password, logIn, tryLogIn } = await addPerson();
    const [one, two] = [await logIn(), await logIn()];
    const { key } = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { token: one, body: { name: 'ci' } }));
    const wanted = { current_password: password, new_password: 'another horse battery' };
    const [before] = await rowsOf('select password_hash from users where id = ?', id);

    expect(await call('POST', 'password', key, wanted)).toMatchObject({ status: 403, body: { code: 'session_needed' } });
    expect(await call('POST', 'password', one, { ...wanted, current_password: 'wrong' })).toMatchObject({ status: 403, body: { code: 'password_wrong' } });
    expect(await call('POST', 'password', one, { ...wanted, new_password: 'short' })).toMatchObject({ status: 422, body: { code: 'too_short' } });
    expect(await rowsOf('select password_hash from users where id = ?', id)).toEqual([before]);
    expect([await isGood(one), await isGood(two)]).toEqual([true, true]);

    expect(await call('POST', 'password', one, wanted)).toMatchObject({ status: 204 });
    expect([await isGood(one), await isGood(two), await isGood(key)]).toEqual([true, false, true]);
    expect(await tryLogIn()).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    expect((await tryLogIn({ password: wanted.new_password })).status).toBe(200);
  });
}
