import { Secret, TOTP } from 'otpauth';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { createdApiKey, me, session, user } from '../../../shared/api/auth.ts';
import { loginSessionPage } from '../../../shared/api/sessions.ts';
import { recoveryCodes, totpSecret } from '../../../shared/api/sign-in.ts';
import type { Plane } from './scene.ts';

const noCode = 'aaaa-aaaa-aaaa-aaaa';
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

  test('SEC-22 a second factor: begun, confirmed, asked for, every code good once, taken off', async () => {
    const { id, password, logIn, tryLogIn } = await addPerson();
    const token = await logIn();
    const current = { current_password: password };
    expect(await call('POST', 'totp', token, { current_password: 'wrong' })).toMatchObject({ status: 403, body: { code: 'password_wrong' } });
    const { secret, uri } = await read(201, totpSecret, 'POST', 'totp', token, current);
    expect(uri).toContain(`secret=${secret}`);
    const authenticator = new TOTP({ secret: Secret.fromBase32(secret) });
    // Either is good for half a minute at least, whenever in its step this is.
    const now = Date.now();
    const [first = '', second = ''] = [now, now + 30_000].map((timestamp) => authenticator.generate({ timestamp }));

    expect(await call('POST', 'totp/confirm', token, { code: noCode })).toMatchObject({ status: 403, body: { code: 'code_wrong' } });
    expect((await tryLogIn()).status).toBe(200);
    const { recovery_codes: recovery } = await read(200, recoveryCodes, 'POST', 'totp/confirm', token, { code: first });
    expect(await read(200, me, 'GET', 'me', token)).toMatchObject({ user: { second_factor: true } });

    expect(await tryLogIn()).toMatchObject({ status: 401, body: { code: 'second_factor_required' } });
    expect(await tryLogIn({ code: first })).toMatchObject({ status: 401, body: { code: 'second_factor_wrong' } });
    expect(await tryLogIn({ password: 'wrong', code: second })).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    const outcomes = await Promise.all([tryLogIn({ code: second }), tryLogIn({ code: second })]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual([200, 401]);
    const late = await logIn({ code: recovery[0] });
    expect(await tryLogIn({ code: recovery[0] })).toMatchObject({ status: 401, body: { code: 'second_factor_wrong' } });
    expect((await listOf(token)).map(({ how }) => how)).toEqual(['password', 'password', 'password+totp', 'password+recovery_code']);

    const { recovery_codes: fresh } = await read(201, recoveryCodes, 'POST', 'recovery-codes', late, { ...current, code: recovery[1] });
    expect(await call('DELETE', 'totp', token, { ...current, code: recovery[2] })).toMatchObject({ status: 403, body: { code: 'code_wrong' } });
    expect(await call('DELETE', 'totp', token, { ...current, code: fresh[0] })).toMatchObject({ status: 204 });
    expect(await call('DELETE', 'totp', token, { ...current, code: fresh[1] })).toMatchObject({ status: 409, body: { code: 'second_factor_off' } });
    expect((await tryLogIn()).status).toBe(200);

    const audited = await rowsOf("select action, target, request_id from audit_entries where actor = ? and action <> 'session.create' order by seq", id);
    expect(audited.map((row) => row['action'])).toEqual(['second_factor.on', 'recovery_code.use', 'recovery_code.use', 'recovery_codes.new', 'recovery_code.use', 'second_factor.off']);
    expect(audited.every((row) => row['target'] === id)).toBe(true);
    expect(audited.every((row) => /^[0-9a-f]{16}$/.test(String(row['request_id'])))).toBe(true);
  }, 60_000);

  test('an administrator takes the second factor from somebody who has lost it, and a member from nobody', async () => {
    const { id, password, logIn, tryLogIn } = await addPerson();
    const token = await logIn();
    const path = `/api/v1/users/${id}/totp`;
    expect(await plane().request('DELETE', path)).toMatchObject({ status: 409, body: { code: 'second_factor_off' } });
    const { secret } = await read(201, totpSecret, 'POST', 'totp', token, { current_password: password });
    await read(200, recoveryCodes, 'POST', 'totp/confirm', token, { code: new TOTP({ secret: Secret.fromBase32(secret) }).generate() });
    expect(await plane().request('DELETE', path, { token })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await tryLogIn()).status).toBe(401);
    expect(await plane().request('DELETE', path)).toMatchObject({ status: 204 });
    expect((await tryLogIn()).status).toBe(200);
    const [row] = await rowsOf("select actor from audit_entries where target = ? and action = 'second_factor.reset'", id);
    expect(row?.['actor']).toMatch(/^usr_/);
  });
}
