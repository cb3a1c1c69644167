/** What depends on the runtime: scrypt, the signature of sessions, and the environment it starts with. */
import { expect, test } from 'vitest';
import { me, session } from '../../shared/api/auth.ts';
import { createPasswords } from '../../worker/auth/passwords.ts';
import { createEdgeApp } from '../../worker/edge/worker.ts';
import { bindings, callApi, credentials, fetchApi } from './api.ts';

test('a login with a password that Node hashed works in workerd', async () => {
  const { email, password } = credentials;
  const { token, user } = await callApi('POST', '/api/v1/auth/login', { token: null, body: { email, password }, status: 200, schema: session });
  expect(user).toMatchObject({ email, role: 'owner' });
  expect(await callApi('GET', '/api/v1/auth/me', { token, status: 200, schema: me })).toMatchObject({ token: 'session', user: { email } });
});

test('a wrong password does not', async () => {
  const body = JSON.stringify({ email: credentials.email, password: `${credentials.password}!` });
  const response = await fetchApi('/api/v1/auth/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ code: 'invalid_credentials' });
});

test('a password that workerd hashed verifies', async () => {
  const passwords = createPasswords();
  const hash = await passwords.hash('correct horse battery staple');
  expect(hash).toMatch(/^scrypt\$32768\$8\$1\$/);
  expect(await passwords.verify('correct horse battery staple', hash)).toBe(true);
  expect(await passwords.verify('correct horse battery stapler', hash)).toBe(false);
});

test.each(['DOCKUP_AUTH_SECRET', 'DOCKUP_ENCRYPTION_KEY', 'DOCKUP_DATABASE_URL'])('SEC-08 the Worker does not come up without %s, and says so', (name) => {
  const { [name]: _missing, ...rest } = bindings;
  // HUB is in `rest`: only a variable was taken out.
  expect(() => createEdgeApp(rest as typeof bindings)).toThrow(`${name} is not set`);
});
