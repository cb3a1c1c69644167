/** How many requests somebody may make, counted by key, by user, and by network for those who do not say who they are. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createdApiKey, session } from '../../shared/api/auth.ts';
import { projectPage } from '../../shared/api/projects.ts';
import { transfersPath } from '../../shared/protocol/transfers.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { openSocket } from '../support/socket-client.ts';

const quota = 10;
const status = '/api/v1/system/status';

describe('the limit of requests', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({ host: inject('host'), env: { DOCKUP_RATE_LIMIT: String(quota), DOCKUP_TRUSTED_PROXIES: '1' } });
  });
  afterAll(() => plane?.stop());

  let networks = 0;
  /** As a proxy would send it on, for a client that nobody has seen before. */
  const fromElsewhere = () => ({ 'x-forwarded-for': `198.51.100.${++networks}` });
  const ask = (path: string, headers: Record<string, string>, token: string | null = null) => plane.request('GET', path, { token, headers });
  const makeKey = async () => (await plane.expect(201, createdApiKey, plane.request('POST', '/api/v1/api-keys', { token: await logIn(), body: { name: 'limited' } }))).key;

  async function logIn(): Promise<string> {
    const { email, password } = plane.credentials;
    return (await plane.expect(200, session, plane.request('POST', '/api/v1/auth/login', { token: null, body: { email, password }, headers: fromElsewhere() }))).token;
  }

  /** Asks until the window is used up. */
  async function useUp(path: string, headers: Record<string, string>, token: string | null = null): Promise<void> {
    for (let i = 0; i < quota; i++) expect((await ask(path, headers, token)).status).not.toBe(429);
  }

  test('every reply tells what is left, and one beyond it is refused until the window ends', async () => {
    const key = await makeKey();
    const told: (string | null)[] = [];
    for (let i = 0; i < quota; i++) {
      const reply = await plane.request('GET', '/api/v1/projects', { token: key });
      expect(reply.headers.get('ratelimit-policy')).toBe(`"default";q=${quota};w=60`);
      told.push(/^"default";r=(\d+);t=\d+$/.exec(reply.headers.get('ratelimit') ?? '')?.[1] ?? null);
    }
    expect(told).toEqual(['9', '8', '7', '6', '5', '4', '3', '2', '1', '0']);

    const refused = await plane.request('POST', '/api/v1/projects', { token: key, body: { name: 'never made' } });
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    const after = Number(refused.headers.get('retry-after'));
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThanOrEqual(60);
    expect(refused.headers.get('ratelimit')).toBe(`"default";r=0;t=${after}`);
    expect(refused.headers.get('access-control-expose-headers')).toMatch(/RateLimit, RateLimit-Policy, Retry-After/);
    expect((await plane.expect(200, projectPage, plane.request('GET', '/api/v1/projects', { token: await makeKey() }))).data).toEqual([]);
  });

  test('a key that asks too much leaves its owner and the other keys alone', async () => {
    const [one, other, own] = [await makeKey(), await makeKey(), await logIn()];
    await useUp('/api/v1/projects', {}, one);
    expect((await ask('/api/v1/projects', {}, one)).status).toBe(429);
    expect((await ask('/api/v1/projects', {}, other)).status).toBe(200);
    // A session is counted for its user, whichever it is: this one has asked for other things before.
    expect((await ask('/api/v1/auth/me', {}, own)).headers.get('ratelimit')).toMatch(/^"default";r=\d+;t=\d+$/);
  });

  test('those without identity are counted by network, a token that is no good among them', async () => {
    const client = fromElsewhere();
    await useUp(status, client);
    for (const token of [null, `dkp_${'0'.repeat(48)}`, 'nonsense']) {
      expect(await ask('/api/v1/projects', client, token)).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    }
    expect((await ask(status, fromElsewhere())).status).toBe(200);
    expect((await ask('/api/v1/projects', client, await makeKey())).status).toBe(200);
  });

  test('what a client writes into X-Forwarded-For itself gets it nowhere', async () => {
    const { 'x-forwarded-for': address } = fromElsewhere();
    for (let i = 0; i < quota; i++) await ask(status, { 'x-forwarded-for': `10.0.0.${i}, ${address}` });
    expect((await ask(status, { 'x-forwarded-for': `10.0.0.99, ${address}` })).status).toBe(429);
  });

  test('addresses of one IPv6 network are one client', async () => {
    for (let i = 0; i < quota; i++) await ask(status, { 'x-forwarded-for': `2001:db8:1:2::${i}` });
    expect((await ask(status, { 'x-forwarded-for': '2001:db8:1:2:ffff::1' })).status).toBe(429);
    expect((await ask(status, { 'x-forwarded-for': '2001:db8:1:3::1' })).status).toBe(200);
  });

  test('addresses that lead nowhere count too', async () => {
    const client = fromElsewhere();
    await useUp('/api/v1/nonsense', client);
    expect(await ask('/api/v1/nonsense', client)).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
  });

  test('a WebSocket that is refused is told so inside', async () => {
    const client = fromElsewhere();
    await useUp(status, client);
    const socket = await openSocket({ url: plane.url, path: '/api/v1/apps/nowhere/logs/stream', headers: client });
    expect(await socket.closed).toMatchObject({ code: 4429, reason: expect.stringMatching(/^rate_limited: /) });
  });

  test('executors are never kept waiting, and what describes the host is always there', async () => {
    const client = fromElsewhere();
    await useUp(status, client);
    expect((await ask(status, client)).status).toBe(429);
    expect(await ask(`${transfersPath}/nowhere`, client, 'nonsense')).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    for (const path of ['/api/v1/openapi.json', '/llms.txt']) expect((await ask(path, client)).status).toBe(200);
  });

  test('a preflight is no request', async () => {
    const client = fromElsewhere();
    await useUp(status, client);
    const reply = await plane.request('OPTIONS', '/api/v1/projects', { token: null, headers: { ...client, origin: 'https://elsewhere.test', 'access-control-request-method': 'POST' } });
    expect(reply.status).toBe(204);
  });
});

test('X-Forwarded-For is not believed unless a proxy is said to be there', async () => {
  const plane = await startControlPlane({ host: inject('host'), env: { DOCKUP_RATE_LIMIT: String(quota) } });
  try {
    const statuses: number[] = [];
    for (let i = 0; i <= quota; i++) statuses.push((await plane.request('GET', status, { token: null, headers: { 'x-forwarded-for': `198.51.100.${i}` } })).status);
    expect(statuses.at(-1)).toBe(429);
  } finally {
    await plane.stop();
  }
});

test('switched off, nothing is counted and nothing is told', async () => {
  const plane = await startControlPlane({ host: inject('host'), env: { DOCKUP_RATE_LIMIT: 'off' } });
  try {
    for (let i = 0; i < 20; i++) {
      const { status: code, headers } = await plane.request('GET', status, { token: null });
      expect([code, headers.has('ratelimit'), headers.has('ratelimit-policy')]).toEqual([200, false, false]);
    }
  } finally {
    await plane.stop();
  }
});
