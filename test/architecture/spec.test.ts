/** What the host says about itself: the OpenAPI document under its three addresses, llms.txt, the well-known documents, the pages. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { errorCodes, errorEntry } from '../../shared/errors.ts';
import { problem } from '../../shared/api/common.ts';
import { root } from '../../scripts/local/settings.ts';
import { run } from '../../scripts/setup/run.ts';
import { routes } from '../../worker/registry.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';

const publicUrl = 'https://dockup.test';
const specPaths = ['/api/v1/openapi.json', '/.well-known/openapi.json', '/swagger.json'];

const described = z.looseObject({ description: z.string().optional(), example: z.unknown().optional(), $ref: z.string().optional(), items: z.unknown().optional() });
const named = z.record(z.string(), z.unknown()).default({});
const reply = z.looseObject({ description: z.string(), headers: named, content: z.record(z.string(), z.looseObject({ examples: z.record(z.string(), z.unknown()).optional() })).optional() });
const operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).length(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.looseObject({ name: z.string(), schema: described })).default([]),
  responses: z.record(z.string(), reply),
  'x-no-idempotency-key': z.string().optional(),
});
const specification = z.looseObject({
  openapi: z.literal('3.1.0'),
  servers: z.array(z.looseObject({ url: z.string() })),
  tags: z.array(z.looseObject({ name: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.looseObject({ properties: z.record(z.string(), described).default({}) })),
    examples: z.record(z.string(), z.looseObject({ value: z.unknown() })),
    headers: named,
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});

describe('the host describes itself', () => {
  let plane: ControlPlane;
  let spec: z.infer<typeof specification>;
  beforeAll(async () => {
    plane = await startControlPlane({ host: 'embedded', env: { DOCKUP_PUBLIC_URL: publicUrl, DOCKUP_BASE_DOMAIN: 'apps.example.com' } });
    spec = specification.parse((await get('/api/v1/openapi.json')).body);
  });
  afterAll(() => plane?.stop());

  const get = (path: string, headers: Record<string, string> = {}) => plane.request('GET', path, { token: null, headers });
  const textOf = async (path: string) => (await fetch(plane.url + path)).text();
  const operations = () => Object.entries(spec.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, entry]) => ({ method, path, ...entry })));

  describe('OpenAPI', () => {
    test('the three addresses give the same bytes under the same ETag, to any origin', async () => {
      const replies = await Promise.all(specPaths.map((path) => fetch(plane.url + path, { headers: { origin: 'https://elsewhere.test' } })));
      const bodies = await Promise.all(replies.map((response) => response.text()));
      expect(new Set(bodies).size).toBe(1);
      expect(new Set(replies.map((response) => response.headers.get('etag'))).size).toBe(1);
      expect(replies.map((response) => response.headers.get('access-control-allow-origin'))).toEqual(['*', '*', '*']);
      expect(replies.map((response) => response.headers.get('content-type'))).toEqual(Array.from({ length: 3 }, () => 'application/json'));
    });

    test.each(specPaths)('%s is answered with 304 and nothing to whoever has it', async (path) => {
      const etag = (await get(path)).headers.get('etag') ?? '';
      expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
      for (const condition of [etag, `"other", ${etag}`, `W/${etag}`]) expect(await get(path, { 'if-none-match': condition })).toMatchObject({ status: 304, body: '' });
      expect(await get(path, { 'if-none-match': '"other"' })).toMatchObject({ status: 200 });
    });

    test('is the registry, route by route', () => {
      const told = operations().map(({ method, path, operationId, summary }) => ({ method, path, operationId, summary }));
      expect(told).toEqual(expect.arrayContaining(routes.map(({ method, path, operationId, summary }) => ({ method, path, operationId, summary }))));
      expect(told).toHaveLength(routes.length);
    });

    test('every operation says which token it takes, out of the schemes that are described', () => {
      const kinds = Object.fromEntries(routes.map((route) => [route.operationId, route.access.kind]));
      for (const { operationId, security } of operations()) {
        const expected = { public: [], executor: [{ executorToken: [] }] }[String(kinds[operationId])] ?? [{ apiKey: [] }, { session: [] }];
        expect({ operationId, security }).toEqual({ operationId, security: expected });
      }
      expect(Object.keys(spec.components.securitySchemes).sort()).toEqual(['apiKey', 'executorToken', 'session']);
    });

    test('every operation belongs to a tag that is described', () => {
      const tags = new Set(spec.tags.map((tag) => tag.name));
      expect(operations().filter((entry) => !tags.has(entry.tags[0] ?? ''))).toEqual([]);
    });

    test('every operation lists every error of its route under its status, with an example', () => {
      for (const { operationId, errors } of routes) {
        const entry = operations().find((candidate) => candidate.operationId === operationId);
        const listed = Object.entries(entry?.responses ?? {}).flatMap(([status, { content }]) =>
          Object.keys(content?.['application/problem+json']?.examples ?? {}).map((code) => `${status} ${code}`),
        );
        expect({ operationId, listed: listed.sort() }).toEqual({ operationId, listed: errors.map((code) => `${errorEntry(code).status} ${code}`).sort() });
      }
    });

    test('every operation that is built has a good answer, and every one an error of the caller, but for those that cannot', () => {
      const unbuilt = routes.filter(({ errors }) => errors.includes('not_available_yet')).map(({ operationId }) => operationId);
      const without = (digit: string) => operations().filter(({ responses }) => !Object.keys(responses).some((status) => status.startsWith(digit))).map(({ operationId }) => operationId);
      expect(without('2').sort()).toEqual(['connectExecutor', 'openTerminal', ...unbuilt].sort());
      expect(without('4')).toEqual([]);
    });

    test('every parameter and every property has a description and an example', () => {
      const bare: string[] = [];
      // A list is explained by what its items are.
      const check = (where: string, { description, example, $ref, items }: z.infer<typeof described>) => {
        if ($ref === undefined && (description === undefined || (example === undefined && items === undefined))) bare.push(where);
      };
      for (const { operationId, parameters } of operations()) for (const { name, schema } of parameters) check(`${operationId}?${name}`, schema);
      for (const [name, { properties }] of Object.entries(spec.components.schemas)) {
        for (const [property, schema] of Object.entries(properties)) check(`${name}.${property}`, schema);
      }
      expect(bare).toEqual([]);
    });

    test('an operation that takes an Idempotency-Key says so, with an example; one that takes none says why', () => {
      for (const { operationId, takesKey, whyNoKey } of routes) {
        const entry = operations().find((candidate) => candidate.operationId === operationId);
        expect({ operationId, takesKey: entry?.parameters.some(({ name }) => name === 'Idempotency-Key'), why: entry?.['x-no-idempotency-key'] }).toEqual({ operationId, takesKey, why: whyNoKey });
      }
    });

    test('headers that stand on many replies are described once, and are there', () => {
      const deploy = operations().find(({ operationId }) => operationId === 'deployApp');
      const headersOf = (status: string) => Object.keys(deploy?.responses[status]?.headers ?? {});
      expect(headersOf('202').sort()).toEqual(['Idempotency-Replayed', 'Location', 'RateLimit', 'RateLimit-Policy']);
      expect(headersOf('409')).toEqual(['Retry-After']);
      expect(headersOf('429').sort()).toEqual(['RateLimit', 'RateLimit-Policy', 'Retry-After']);
      expect(Object.keys(spec.components.headers).sort()).toEqual(['Idempotency-Replayed', 'RateLimit', 'RateLimit-Policy', 'Retry-After']);
    });

    test('the examples of errors are problem documents', () => {
      for (const [code, { value }] of Object.entries(spec.components.examples)) expect(problem.parse(value)).toMatchObject({ code });
    });

    test('names this host', () => {
      expect(spec.servers.map(({ url }) => url)).toEqual([publicUrl]);
    });

    test('passes the linter', async () => {
      expect(await run(process.execPath, [join(root, 'scripts/spec-lint.ts')], { env: process.env })).toContain('passes the linter');
    });
  });

  describe('llms.txt', () => {
    test('has the addresses of this host, and every link in it answers', async () => {
      const text = await textOf('/llms.txt');
      expect(text).toContain(`All API calls use ${publicUrl}.`);
      expect(text).toContain('https://{slug}-app.apps.example.com');
      const links = [...text.matchAll(/\]\((\S+)\)/g)].map(([, link = '']) => link);
      expect(links.length).toBeGreaterThan(5);
      for (const link of links) {
        expect(link).toMatch(/^https:\/\/dockup\.test\//);
        expect(await get(link.slice(publicUrl.length))).toMatchObject({ status: 200 });
      }
    });

    test('its table of endpoints is the registry, without the doors of executors', async () => {
      const rows = [...(await textOf('/llms.txt')).matchAll(/^\| (.+) \| `([A-Z]+) (\S+)` \|$/gm)].map(([, summary, method, path]) => `${method} ${path}: ${summary}`);
      expect(rows).toEqual(routes.filter(({ access }) => access.kind !== 'executor').map(({ method, path, summary }) => `${method.toUpperCase()} ${path}: ${summary}`));
    });
  });

  describe('well-known documents', () => {
    test('the plugin manifest leads to the spec and to the logo', async () => {
      const { status, body, headers } = await get('/.well-known/ai-plugin.json');
      expect(status).toBe(200);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(body).toMatchObject({ schema_version: 'v1', api: { type: 'openapi', url: `${publicUrl}/.well-known/openapi.json` }, auth: { authorization_type: 'bearer' } });
      expect(await get('/logo.svg')).toMatchObject({ status: 200 });
    });

    test('SEC-21 security.txt (RFC 9116) names a contact, and does not expire meanwhile', async () => {
      const fields = Object.fromEntries([...(await textOf('/.well-known/security.txt')).matchAll(/^([\w-]+): (.+)$/gm)].map(([, name, value]) => [name, value]));
      expect(fields).toMatchObject({ Contact: `mailto:security@${new URL(publicUrl).hostname}`, Canonical: `${publicUrl}/.well-known/security.txt` });
      expect(Date.parse(fields['Expires'] ?? '')).toBeGreaterThan(Date.now() + 30 * 24 * 3600 * 1000);
      expect((await get('/.well-known/security.txt')).headers.get('content-type')).toMatch(/^text\/plain; ?charset=utf-8$/i);
    });

    test('the API catalog is a link set (RFC 9727, RFC 9264) whose links answer', async () => {
      const { headers } = await get('/.well-known/api-catalog');
      expect(headers.get('content-type')).toMatch(/^application\/linkset\+json; profile="https:\/\/www\.rfc-editor\.org\/info\/rfc9727"$/);
      const links = z.array(z.strictObject({ href: z.string(), type: z.string() })).min(1);
      const catalog = z.strictObject({ linkset: z.array(z.strictObject({ anchor: z.literal(`${publicUrl}/api/v1`), 'service-desc': links, 'service-doc': links, status: links })).length(1) });
      const [set] = catalog.parse(JSON.parse(await textOf('/.well-known/api-catalog'))).linkset;
      for (const { href, type } of [...(set?.['service-desc'] ?? []), ...(set?.['service-doc'] ?? []), ...(set?.status ?? [])]) {
        const response = await get(href.slice(publicUrl.length));
        expect({ href, status: response.status, type: response.headers.get('content-type')?.split(';')[0] }).toEqual({ href, status: 200, type });
      }
    });
  });

  describe('pages', () => {
    test('the type of every problem leads to its line', async () => {
      const page = await textOf('/errors');
      expect(errorCodes.filter((code) => !page.includes(`id="${code}"`))).toEqual([]);
    });

    test.each(['/', '/errors'])('SEC-20 %s runs no script and takes no style but its own', async (path) => {
      const { headers, body } = await get(path);
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
      expect(body).not.toMatch(/<script|\son\w+=|style=/);
    });

    test('every reply has a number to quote, and is not to be guessed at', async () => {
      for (const path of ['/', '/api/v1/system/status', '/nonsense', ...specPaths]) {
        const { headers } = await get(path);
        expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{16}$/);
        expect(headers.get('x-content-type-options')).toBe('nosniff');
      }
    });
  });

  test('any origin may call the API: identity never comes from a cookie', async () => {
    const response = await fetch(`${plane.url}/api/v1/projects`, { method: 'OPTIONS', headers: { origin: 'https://elsewhere.test', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization');
    expect(response.headers.has('access-control-allow-credentials')).toBe(false);
    const refused = await plane.request('GET', '/api/v1/projects', { token: null, headers: { cookie: `token=${plane.credentials.api_key}` } });
    expect(refused).toMatchObject({ status: 401 });
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  });
});
