import { describe, expect, test } from 'vitest';
import type { Plane } from '../../protocol/cases/scene.ts';
import { callDokploy } from '../../support/dokploy-client.ts';

const missing = `app_${'0'.repeat(22)}`;

export function protocolCases(plane: Plane): void {
  const trpc = async (path: string, { query = '', body }: { query?: string; body?: string } = {}) => {
    const response = await fetch(`${plane().url}/api/trpc/${path}${query}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'x-api-key': plane().credentials.api_key, 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  };

  describe('the seed', () => {
    test('its request works as it is printed: the key as a bearer, the list as the answer', async () => {
      await plane().createProject('Random');
      const response = await fetch(`${plane().url}/api/project.all`, { headers: { accept: 'application/json', Authorization: `Bearer ${plane().credentials.api_key}` } });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/json');
      const [project] = (await response.json()) as Record<string, unknown>[];
      expect(project).toMatchObject({
        projectId: expect.any(String), name: 'Random', description: '', createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), adminId: expect.any(String),
        applications: [], mariadb: [], mongo: [], mysql: [], postgres: [], redis: [], compose: [],
      });
    });
  });

  describe('plain', () => {
    test.each([
      ['no key', undefined],
      ['a key that is none', 'nonsense'],
      ['a key that is not known', `dkp_${'0'.repeat(48)}`],
    ])('SEC-09 with %s: 401', async (_name, key) => {
      const reply = await callDokploy(plane(), 'project.all', {}, key ?? null);
      expect(reply).toMatchObject({ status: 401, body: { message: 'Unauthorized' } });
      expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    });

    test('half of a surrogate pair is no text: 400, and nothing is changed', async () => {
      const before = await plane().request('GET', '/api/v1/projects');
      expect(await callDokploy(plane(), 'project.create', { name: 'x\ud800' })).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST', data: { dockupCode: 'invalid_value' } } });
      expect((await plane().request('GET', '/api/v1/projects')).body).toEqual(before.body);
    });

    test('input that does not fit tells which field, in the words of zod', async () => {
      const reply = await callDokploy(plane(), 'project.create', { description: 'no name' });
      expect(reply).toMatchObject({
        status: 400,
        body: { message: 'Input validation failed', code: 'BAD_REQUEST', data: { code: 'BAD_REQUEST', httpStatus: 400, path: 'project.create', zodError: { formErrors: [], fieldErrors: { name: [expect.any(String)] } } }, issues: [{ path: ['name'] }] },
      });
    });

    test('half an object is answered with a text', async () => {
      const response = await fetch(`${plane().url}/api/project.create`, { method: 'POST', headers: { 'x-api-key': plane().credentials.api_key, 'content-type': 'application/json' }, body: '{"name":' });
      expect([response.status, await response.text()]).toEqual([400, 'Invalid JSON']);
    });

    test('what is not there says so', async () => {
      expect(await callDokploy(plane(), 'application.one', { applicationId: missing })).toMatchObject({
        status: 404,
        body: { message: 'Application not found', code: 'NOT_FOUND', data: { code: 'NOT_FOUND', httpStatus: 404, path: 'application.one', zodError: null } },
      });
    });

    test.each([
      ['an unknown procedure', 'GET', 'project.nothing'],
      ['a query by POST', 'POST', 'project.all'],
      ['a mutation by GET', 'GET', 'project.create'],
      ['a query by HEAD', 'HEAD', 'project.all'],
    ])('%s is 404 without a path', async (_name, method, path) => {
      const response = await fetch(`${plane().url}/api/${path}`, { method, headers: { 'x-api-key': plane().credentials.api_key } });
      expect(response.status).toBe(404);
      if (method === 'HEAD') return;
      expect(await response.json()).toEqual({ message: 'Not found', code: 'NOT_FOUND', data: { code: 'NOT_FOUND', httpStatus: 404, zodError: null, dockupCode: 'route_not_found' } });
    });

    test('what is not available is 501 and tells what is used instead', async () => {
      expect(await callDokploy(plane(), 'postgres.create', {})).toMatchObject({ status: 501, body: { code: 'NOT_IMPLEMENTED', message: expect.stringContaining('application.create'), data: { path: 'postgres.create' } } });
    });

    test('a body that is too large is refused', async () => {
      expect(await callDokploy(plane(), 'project.create', { name: 'x', description: 'x'.repeat(1024 * 1024) })).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } });
    });
  });

  describe('tRPC', () => {
    test('a reply is in an envelope, and so is input, or not', async () => {
      const project = await plane().createProject('in an envelope');
      const inputs = [{ json: { projectId: project.id } }, { json: { projectId: project.id }, meta: { values: {} } }, { projectId: project.id }];
      for (const input of inputs) {
        expect(await trpc('project.one', { query: `?input=${encodeURIComponent(JSON.stringify(input))}` })).toMatchObject({ status: 200, body: { result: { data: { json: { projectId: project.id, name: 'in an envelope' } } } } });
      }
      for (const query of ['', '?input=%7B%7D', '?input=']) expect(await trpc('project.homeStats', { query })).toMatchObject({ status: 200, body: { result: { data: { json: { databases: 0 } } } } });
      expect(await trpc('project.create', { body: JSON.stringify({ json: { name: 'by post' } }) })).toMatchObject({ status: 200, body: { result: { data: { json: { project: { name: 'by post' } } } } } });
    });

    test('nothing is written as superjson has it', async () => {
      expect(await trpc('project.completeOnboarding', { body: '{"json":{}}' })).toEqual({ status: 200, body: { result: { data: { json: null, meta: { values: ['undefined'], v: 1 } } } } });
    });

    test('an error carries the number of JSON-RPC', async () => {
      const query = `?input=${encodeURIComponent(JSON.stringify({ json: { applicationId: missing } }))}`;
      expect(await trpc('application.one', { query })).toMatchObject({
        status: 404,
        body: { error: { json: { message: 'Application not found', code: -32004, data: { code: 'NOT_FOUND', httpStatus: 404, path: 'application.one', zodError: null } } } },
      });
      expect(await trpc('project.one', { query: '?input=%7B' })).toMatchObject({ status: 400, body: { error: { json: { code: -32600 } } } });
    });
  });
}
