/** Guessing passwords over the API. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { problem } from '../../shared/api/common.ts';
import { session, user } from '../../shared/api/auth.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';

describe('SEC-22 logging in', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({ host: inject('host'), env: { DOCKUP_TRUSTED_PROXIES: '1' } });
  });
  afterAll(() => plane?.stop());

  let networks = 0;
  const elsewhere = () => `198.51.100.${++networks}`;
  const logIn = (email: string, password: string, network: string) => plane.request('POST', '/api/v1/auth/login', { token: null, body: { email, password }, headers: { 'x-forwarded-for': network } });

  async function addUser(): Promise<{ email: string; password: string }> {
    const account = { email: `user-${elsewhere()}@example.com`, password: 'a long user password' };
    await plane.expect(201, user, plane.request('POST', '/api/v1/users', { body: account }));
    return account;
  }

  /** Of a refusal what does not differ from one request to the next. */
  async function refusal(reply: ReturnType<typeof logIn>) {
    const { status, body, headers } = await reply;
    const { request_id: _id, ...told } = problem.parse(body);
    return { status, told, isRetryTold: headers.has('retry-after') };
  }

  test('after five wrong passwords the right one is refused too, with when to come back', async () => {
    const { email, password } = await addUser();
    const network = elsewhere();
    for (let i = 0; i < 5; i++) expect(await logIn(email, 'wrong', network)).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    const refused = await logIn(email, password, network);
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } });
    const after = Number(refused.headers.get('retry-after'));
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThanOrEqual(60);
    // Its owner, who is elsewhere, is not locked out, nor is a neighbour.
    await plane.expect(200, session, logIn(email, password, elsewhere()));
    const neighbour = await addUser();
    await plane.expect(200, session, logIn(neighbour.email, neighbour.password, network));
  });

  test('an account that is not there is told in the same words, before and after', async () => {
    const { email } = await addUser();
    const network = elsewhere();
    for (let i = 0; i < 7; i++) expect(await refusal(logIn('nobody@example.com', 'wrong', network))).toEqual(await refusal(logIn(email, 'wrong', network)));
  });

  test('twenty at once are twenty', async () => {
    const { email } = await addUser();
    const network = elsewhere();
    const replies = await Promise.all(Array.from({ length: 20 }, () => logIn(email, 'wrong', network)));
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(15);
  });

  test('a body without a length is counted for the network it comes from all the same', async () => {
    const network = elsewhere();
    const send = async () => {
      const body = new Blob([JSON.stringify({ email: 'nobody@example.com', password: 'wrong' })]).stream();
      return (await fetch(`${plane.url}/api/v1/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': network }, body, duplex: 'half' } as RequestInit)).status;
    };
    for (let i = 0; i < 5; i++) expect(await send()).toBe(401);
    expect(await send()).toBe(429);
    expect((await logIn('nobody@example.com', 'wrong', elsewhere())).status).toBe(401);
  });

  test('a restart forgets none of them', async () => {
    const { email, password } = await addUser();
    const network = elsewhere();
    for (let i = 0; i < 5; i++) await logIn(email, 'wrong', network);
    const { rows } = await plane.database.execute('select * from login_attempts order by hash');
    await plane.restart();
    expect((await plane.database.execute('select * from login_attempts order by hash')).rows).toEqual(rows);
    // As if it had taken no time.
    await plane.database.execute({ sql: 'update login_attempts set until = ?', args: [Date.now() + 60_000] });
    expect(await logIn(email, password, network)).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } });
  });
});
