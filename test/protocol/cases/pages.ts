/** The pages for people: who gets them, what the browser lets them do, and the cookie that opens them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { session, user, type User } from '../../../shared/api/auth.ts';
import { root } from '../../../scripts/local/settings.ts';
import { assetNames } from '../../../worker/pages/assets.ts';
import type { Plane } from './scene.ts';

const guarded = ['/swagger', '/docs'];
const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

let count = 0;

export function pageCases(plane: Plane): void {
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') => fetch(`${plane().url}${path}`, { method, headers, redirect: 'manual' });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  async function logIn(email: string, password: string): Promise<string> {
    return (await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: { email, password } }))).token;
  }
  async function addMember(grants: string[]): Promise<User & { token: string }> {
    const [email, password] = [`visitor-${++count}@example.com`, 'twelve-characters'];
    const added = await plane().expect(201, user, plane().request('POST', '/api/v1/users', { body: { email, password, grants } }));
    return { ...added, token: await logIn(email, password) };
  }
  /** What a browser would send from then on. */
  async function cookieFor(token: string): Promise<string> {
    const [first = ''] = (await ask('/session', bearer(token), 'POST')).headers.getSetCookie();
    return first.slice(0, first.indexOf(';'));
  }
  const problemOf = async (response: Response) => ({ status: response.status, type: response.headers.get('content-type'), code: ((await response.json()) as { code: string }).code });

  describe.each(guarded)('%s', (path) => {
    test('sends a browser without a session to the login page, and tells anybody else what is missing', async () => {
      for (const headers of [browser, { ...browser, cookie: 'dockup_page=v1.bm9uZQ==.bm9uZQ==' }, { ...browser, cookie: 'dockup_page=%' }]) {
        const response = await ask(path, headers);
        expect([response.status, response.headers.get('location')]).toEqual([302, `/login?next=${path}`]);
      }
      expect(await problemOf(await ask(path))).toEqual({ status: 401, type: 'application/problem+json', code: 'unauthenticated' });
      expect(await problemOf(await ask(path, bearer('dkp_unknown')))).toMatchObject({ status: 401, code: 'invalid_token' });
    });

    test('a member needs the grant, looked at every time', async () => {
      const member = await addMember([]);
      const cookie = await cookieFor(member.token);
      const refusedTwice = async () => {
        expect(await problemOf(await ask(path, bearer(member.token)))).toEqual({ status: 403, type: 'application/problem+json', code: 'grant_missing' });
        expect(await problemOf(await ask(path, { cookie }))).toMatchObject({ status: 403, code: 'grant_missing' });
        const page = await ask(path, { ...browser, cookie });
        expect(page.status).toBe(403);
        expect(page.headers.get('content-type')).toMatch(/^text\/html/);
        expect(await page.text()).toContain('ask an administrator');
      };
      await refusedTwice();
      await plane().expect(200, user, plane().request('PATCH', `/api/v1/users/${member.id}`, { body: { grants: ['swagger'] } }));
      for (const headers of [bearer(member.token), { cookie }, { ...browser, cookie }]) expect((await ask(path, headers)).status).toBe(200);
      await plane().expect(200, user, plane().request('PATCH', `/api/v1/users/${member.id}`, { body: { grants: ['api_tokens'] } }));
      await refusedTwice();
      expect((await plane().request('DELETE', `/api/v1/users/${member.id}`)).status).toBe(204);
      expect((await ask(path, { ...browser, cookie })).headers.get('location')).toBe(`/login?next=${path}`);
    });

    test('an API key opens it within its scopes', async () => {
      const member = await addMember(['api_tokens', 'swagger']);
      const makeKey = async (scopes: string[] | null) => ((await plane().request('POST', '/api/v1/api-keys', { token: member.token, body: { name: 'page', scopes } })).body as { key: string }).key;
      expect((await ask(path, bearer(await makeKey(null)))).status).toBe(200);
      expect(await problemOf(await ask(path, bearer(await makeKey(['deploy']))))).toMatchObject({ status: 403, code: 'scope_missing' });
      expect((await ask(path, bearer(plane().credentials.api_key))).status).toBe(200);
    });
  });

  describe('what they are made of', () => {
    let pages: { path: string; policy: string; html: string }[];
    beforeAll(async () => {
      pages = [];
      for (const path of ['/', '/login', '/invitation', '/settings', ...guarded]) {
        const response = await ask(path, bearer(plane().credentials.api_key));
        expect(response.status).toBe(200);
        pages.push({ path, policy: response.headers.get('content-security-policy') ?? '', html: await response.text() });
      }
    });

    test('SEC-20 no page takes a script or a style that is not a file of this host', () => {
      for (const { policy, html } of pages) {
        expect(policy).toContain("default-src 'none'");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).not.toMatch(/unsafe|\*|https?:/);
        expect(html).not.toMatch(/<script(?![^>]* src="\/assets\/)|<style|\son\w+=|\sstyle=/);
        for (const [, address] of html.matchAll(/(?:src|action|<link[^>]*href)="([^"]+)"/g)) expect(address).toMatch(/^\/(?!\/)/);
      }
      for (const path of ['/login', '/invitation', '/settings']) expect(pages.find((page) => page.path === path)?.policy).toContain("require-trusted-types-for 'script'");
    });

    test('every file they name is there, those of Swagger UI byte by byte as in its package', async () => {
      const named = new Set(pages.flatMap(({ html }) => [...html.matchAll(/\/assets\/([\w.-]+)/g)].map(([, name = '']) => name)));
      expect([...named].filter((name) => !assetNames.includes(name))).toEqual([]);
      for (const name of assetNames) {
        const response = await ask(`/assets/${name}`);
        expect([name, response.status, response.headers.get('content-type')]).toEqual([name, 200, expect.stringMatching(name.endsWith('.css') ? 'text/css' : name.endsWith('.js') ? 'text/javascript' : 'text/plain')]);
        const folder = name.startsWith('swagger-ui') ? 'node_modules/swagger-ui-dist' : 'worker/pages/assets';
        expect(Buffer.from(await response.arrayBuffer()).equals(await readFile(join(root, folder, name)))).toBe(true);
      }
    });

    test('a file that they do not name is not to be had', async () => {
      for (const name of ['', 'package.json', '..%2fpages.ts', 'index.html', '__proto__']) expect(await problemOf(await ask(`/assets/${name}`))).toMatchObject({ status: 404, code: 'route_not_found' });
      for (const path of ['/pages.css', '/swagger-ui.css']) expect((await ask(path)).status).toBe(404);
    });

    test('Swagger UI offers the document of this API', () => {
      expect(pages.find(({ path }) => path === '/swagger')?.html).toContain('<option value="/api/v1/openapi.json">');
    });
  });

  describe('the cookie that opens pages', () => {
    const set = async (headers: Record<string, string>) => ask('/session', headers, 'POST');

    test('SEC-02 is for the pages alone, for this site alone, and no script reads it', async () => {
      const { email, password } = plane().credentials;
      const token = await logIn(email, password);
      const plain = await set(bearer(token));
      expect(plain.status).toBe(204);
      const cookies = plain.headers.getSetCookie();
      expect(cookies.map((text) => /Path=([^;]+)/.exec(text)?.[1])).toEqual(guarded);
      for (const text of cookies) {
        expect(text).toMatch(/; HttpOnly/);
        expect(text).toMatch(/; SameSite=Strict/);
        expect(text).not.toContain('Secure');
        expect(text).not.toContain(token);
      }
      const { host } = new URL(plane().url);
      for (const text of (await set({ ...bearer(token), origin: `https://${host}` })).headers.getSetCookie()) expect(text).toMatch(/; Secure/);
      expect((await ask('/session', {}, 'DELETE')).headers.getSetCookie()).toEqual(guarded.map((path) => expect.stringMatching(`dockup_page=; Max-Age=0; Path=${path};`)));
    });

    test('SEC-02 it is no token: the API does not take it, in the cookie or out of it', async () => {
      const { email, password } = plane().credentials;
      const cookie = await cookieFor(await logIn(email, password));
      expect((await ask('/swagger', { ...browser, cookie })).status).toBe(200);
      expect(await problemOf(await ask('/api/v1/auth/me', { cookie }))).toMatchObject({ status: 401, code: 'unauthenticated' });
      expect(await problemOf(await ask('/session', { cookie }, 'POST'))).toMatchObject({ status: 401, code: 'unauthenticated' });
      const value = decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1));
      expect(await problemOf(await ask('/api/v1/auth/me', bearer(value)))).toMatchObject({ status: 401, code: 'invalid_token' });
    });

    test('SEC-02 another site cannot have it set, and an API key does not set it', async () => {
      const { email, password, api_key } = plane().credentials;
      const token = await logIn(email, password);
      for (const origin of ['https://elsewhere.example', 'null', `https://${new URL(plane().url).host}.elsewhere.example`]) {
        for (const method of ['POST', 'DELETE']) {
          const refused = await ask('/session', { ...bearer(token), origin }, method);
          expect([refused.status, refused.headers.getSetCookie(), refused.headers.get('access-control-allow-origin')]).toEqual([403, [], null]);
        }
      }
      expect((await ask('/session', { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }, 'OPTIONS')).headers.get('access-control-allow-origin')).toBeNull();
      const byKey = await set(bearer(api_key));
      expect([byKey.status, byKey.headers.getSetCookie()]).toEqual([403, []]);
    });

    test('one that somebody else has put in front of it does no harm', async () => {
      const { email, password } = plane().credentials;
      const own = await cookieFor(await logIn(email, password));
      expect((await ask('/swagger', { ...browser, cookie: `dockup_page=v1.bm9uZQ==.bm9uZQ==; theme=dark; ${own}` })).status).toBe(200);
    });
  });
}
