/** Secrets that were planted, looked for in every reply, in the database and in the logs. */
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiKey, createdApiKey, revealedApiKey } from '../../shared/api/auth.ts';
import { appEnv } from '../../shared/api/apps.ts';
import { eventPage } from '../../shared/api/events.ts';
import { createdServer } from '../../shared/api/servers.ts';
import { routes } from '../../worker/registry.ts';
import { logIn, plantedEnv, startWorld, switchOnSecondFactor, type World } from '../support/control-plane-world.ts';

describe('secrets', () => {
  let world: World;
  let enrolmentToken: string;
  let secondFactor: Awaited<ReturnType<typeof switchOnSecondFactor>>;
  beforeAll(async () => {
    world = await startWorld();
    const { plane } = world;
    secondFactor = await switchOnSecondFactor(plane, { token: world.bob.session, password: world.bob.password });
    ({ enrolment_token: enrolmentToken } = await plane.expect(201, createdServer, plane.request('POST', '/api/v1/servers', { body: { name: 'planted' } })));
  });
  afterAll(() => world?.stop());

  /** By what it is. */
  const planted = (): Record<string, string> => ({
    'value of an environment variable': 'planted-env-value',
    'password of ann': world.ann.password,
    'password of the administrator': world.administrator.password,
    'key of ann': world.ann.key.text,
    'key of the administrator': world.administrator.key.text,
    'session of ann': world.ann.session,
    'enrolment token': enrolmentToken,
    'secret of a second factor': secondFactor.secret,
    ...Object.fromEntries(secondFactor.recovery.flatMap((code) => [[`recovery code ${code}`, code], [`recovery code ${code} without its dashes`, code.replaceAll('-', '')]])),
    'a password hash': 'scrypt$',
    'a sealed text': 'v1.',
  });
  const found = (text: string) => Object.entries(planted()).flatMap(([what, secret]) => (text.includes(secret) ? [what] : []));

  /** A reply with its headers, to its end; of a stream, which has none, so many events. */
  async function read(path: string, token: string | null, events = 1): Promise<{ isStream: boolean; text: string }> {
    const response = await fetch(`${world.plane.url}${path}`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const decoder = new TextDecoder();
    let text = JSON.stringify([...response.headers]);
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (isStream && [...text.matchAll(/^data: .*\n\n/gm)].length >= events) break;
    }
    return { isStream, text };
  }

  test('SEC-11 no reply holds one but those that are meant to', async () => {
    const { plane, ann, bob, administrator, executor, connection } = world;
    const values: Record<string, string> = { projectId: ann.projectId, appId: ann.app.id, deploymentId: ann.deploymentId, serverId: executor.serverId };
    const { data: past } = await plane.expect(200, eventPage, plane.request('GET', `/api/v1/apps/${ann.app.id}/events`));
    const leaks = new Set<string>();
    const streams = new Set<string>();
    for (const { operationId, path: pattern } of routes.filter(({ method, access }) => method === 'get' && access.kind !== 'executor')) {
      const path = pattern.replaceAll(/\{(\w+)\}/g, (_whole, parameter: string) => values[parameter] ?? 'unknown');
      for (const token of [administrator.session, ann.session, ann.key.text, bob.session, null]) {
        // The stream of events tells all that came after the first.
        const { isStream, text } = operationId === 'streamAppEvents' ? await read(`${path}?after=${past.at(-1)?.id}`, token, past.length - 1) : await read(path, token);
        for (const what of found(text)) leaks.add(`${operationId}: ${what}`);
        if (isStream) streams.add(operationId);
      }
    }
    expect([...leaks]).toEqual(['getAppEnv: value of an environment variable']);
    expect([...streams]).toEqual(['streamAppEvents', 'streamAppLogs', 'streamAppStats']);
    // None of them was an executor that could not be asked.
    expect(connection.isOpen()).toBe(true);
  });

  test('SEC-11 replies that write an environment show names and fingerprints only', async () => {
    const { plane, ann } = world;
    const reply = await plane.request('PATCH', `/api/v1/apps/${ann.app.id}`, { token: ann.session, body: { env: { SECOND: 'planted-env-value-2' } } });
    expect(reply).toMatchObject({ status: 200, body: { env: { DATABASE_URL: { has_value: true }, SECOND: { has_value: true, fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/) } } } });
    expect(found(JSON.stringify(reply.body))).toEqual([]);
    const shown = await plane.expect(200, appEnv, plane.request('GET', `/api/v1/apps/${ann.app.id}/env`, { token: ann.session }));
    expect(shown.env).toEqual({ ...plantedEnv, SECOND: 'planted-env-value-2' });
  });

  test('SEC-11 an error does not repeat what was sent', async () => {
    const { plane, ann } = world;
    for (const body of [{ env: { 'NOT A NAME': 'planted-env-value' } }, { env: { A: { nested: 'planted-env-value' } } }, '{"env":{"A":"planted-env-value"', { image: 'planted-env-value; reboot' }]) {
      const reply = await plane.request('PUT', `/api/v1/apps/${ann.app.id}`, { token: ann.session, body });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(found(JSON.stringify(reply.body))).toEqual([]);
    }
  });

  test('SEC-12 the database holds none of them in the clear', async () => {
    const shown = found(await world.dump());
    expect(shown).toEqual(['a password hash', 'a sealed text']);
  });

  test('SEC-11 SEC-22 a login that is refused repeats neither password nor code, nor does a request that makes no sense', async () => {
    const { plane, bob } = world;
    const [code = ''] = secondFactor.recovery;
    const account = { email: bob.email, password: bob.password };
    const asked: [path: string, body: unknown, token: string | null][] = [
      ['login', account, null],
      ['login', { ...account, code: secondFactor.code }, null],
      ['login', { ...account, code: [code] }, null],
      ['login', `{"password":"${bob.password}","code":"${code}"`, null],
      ['password', { current_password: bob.password, new_password: code.slice(0, 9) }, bob.session],
      ['totp', { current_password: bob.password }, bob.session],
      ['recovery-codes', { current_password: code, code: bob.password }, bob.session],
    ];
    for (const [path, body, token] of asked) {
      const reply = await plane.request('POST', `/api/v1/auth/${path}`, { token, body });
      expect(reply.status, path).toBeGreaterThanOrEqual(400);
      for (const secret of [bob.password, secondFactor.secret, secondFactor.code]) expect(JSON.stringify(reply.body), path).not.toContain(secret);
    }
    expect(found(await plane.logs())).toEqual([]);
  });

  test('SEC-12 the sealed secret of a second factor moved to another user does not open', async () => {
    const { plane, ann, bob } = world;
    await plane.database.execute({ sql: 'insert into second_factors (user_id, sealed, confirmed_at, created_at) select ?, sealed, confirmed_at, created_at from second_factors where user_id = ?', args: [ann.id, bob.id] });
    await plane.database.execute({ sql: 'update users set has_second_factor = 1 where id = ?', args: [ann.id] });
    const code = new TOTP({ secret: Secret.fromBase32(secondFactor.secret) }).generate({ timestamp: Date.now() + 30_000 });
    const reply = await plane.request('POST', '/api/v1/auth/login', { token: null, body: { email: ann.email, password: ann.password, code } });
    expect(reply).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    await plane.database.execute({ sql: 'delete from second_factors where user_id = ?', args: [ann.id] });
    await plane.database.execute({ sql: 'update users set has_second_factor = 0 where id = ?', args: [ann.id] });
  });

  test('SEC-12 a sealed environment moved to another app does not open', async () => {
    const { plane, ann, bob } = world;
    const { rows } = await plane.database.execute({ sql: 'select sealed_env from apps where id = ?', args: [bob.app.id] });
    await plane.database.execute({ sql: 'update apps set sealed_env = (select sealed_env from apps where id = ?) where id = ?', args: [ann.app.id, bob.app.id] });
    const reply = await plane.request('GET', `/api/v1/apps/${bob.app.id}/env`, { token: bob.session });
    expect(reply).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    expect(found(JSON.stringify(reply.body))).toEqual([]);
    await plane.database.execute({ sql: 'update apps set sealed_env = ? where id = ?', args: [rows[0]?.['sealed_env'] ?? null, bob.app.id] });
  });

  test('SEC-12 a key is shown again to its owner on a session, and that is audited before', async () => {
    const { plane, ann } = world;
    const audited = async () => (await plane.database.execute("select actor, target from audit_entries where action = 'api_key.reveal'")).rows.map(({ actor, target }) => ({ actor, target }));
    const path = `/api/v1/api-keys/${ann.key.id}/reveal`;
    expect(await audited()).toEqual([]);
    expect(await plane.expect(200, revealedApiKey, plane.request('POST', path, { token: ann.session }))).toEqual({ id: ann.key.id, key: ann.key.text });
    expect(await audited()).toEqual([{ actor: ann.id, target: ann.key.id }]);
  });

  test('SEC-12 never to a key, not even to itself, and to no administrator', async () => {
    const { plane, ann, administrator } = world;
    const path = `/api/v1/api-keys/${ann.key.id}/reveal`;
    expect(await plane.request('POST', path, { token: ann.key.text })).toMatchObject({ status: 403, body: { code: 'reveal_needs_session' } });
    expect(await plane.request('POST', path, { token: administrator.key.text })).toMatchObject({ status: 403, body: { code: 'reveal_needs_session' } });
    expect(await plane.request('POST', path, { token: administrator.session })).toMatchObject({ status: 404, body: { code: 'api_key_not_found' } });
  });

  test('a deleted key opens nothing from then on', async () => {
    const { plane, ann } = world;
    const { id, key } = await plane.expect(201, createdApiKey, plane.request('POST', '/api/v1/api-keys', { token: ann.session, body: { name: 'short-lived' } }));
    expect(await plane.request('GET', '/api/v1/auth/me', { token: key })).toMatchObject({ status: 200, body: { token: 'api_key' } });
    expect(await plane.request('DELETE', `/api/v1/api-keys/${id}`, { token: ann.session })).toMatchObject({ status: 204 });
    expect(await plane.request('GET', '/api/v1/auth/me', { token: key })).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
  });

  test('a token in the address is no token', async () => {
    const { plane, ann } = world;
    for (const name of ['token', 'access_token', 'api_key']) {
      expect(await plane.request('GET', `/api/v1/auth/me?${name}=${ann.key.text}`, { token: null })).toMatchObject({ status: 401 });
    }
  });

  test('SEC-01 none of them, and no token of an address, has been logged', async () => {
    const { plane, ann } = world;
    // Something that is logged for sure, with a secret in its address and its headers.
    await plane.database.execute({ sql: "update apps set settings = '{' where id = ?", args: [ann.app.id] });
    const { status, body } = await plane.request('GET', `/api/v1/apps/${ann.app.id}?token=${ann.key.text}`, { token: ann.session });
    expect({ status, body }).toMatchObject({ status: 500, body: { code: 'internal_error', detail: 'Quote the request id when you report this.' } });

    const logs = await plane.logs();
    expect(logs).toContain((body as { request_id: string }).request_id);
    expect(found(logs)).toEqual([]);
  });
});

test('SEC-12 with reveal switched off nothing recoverable is kept, and the key still works', async () => {
  const { plane, ann, dump, stop } = await startWorld({ DOCKUP_KEY_REVEAL: 'off' });
  try {
    const { rows } = await plane.database.execute('select sealed from api_keys');
    expect(rows.map((row) => row['sealed'])).toEqual([null, null, null]);
    expect(await dump()).not.toContain(ann.key.text);
    const { token } = await logIn(plane, ann.email, ann.password);
    expect(await plane.request('POST', `/api/v1/api-keys/${ann.key.id}/reveal`, { token })).toMatchObject({ status: 403, body: { code: 'reveal_disabled' } });
    const created = await plane.expect(201, createdApiKey, plane.request('POST', '/api/v1/api-keys', { token, body: { name: 'x' } }));
    expect(apiKey.strip().parse(created)).toMatchObject({ revealable: false });
    expect(await plane.request('GET', '/api/v1/auth/me', { token: ann.key.text })).toMatchObject({ status: 200 });
  } finally {
    await stop();
  }
});
