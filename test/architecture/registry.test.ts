/** The one list of endpoints, and who may call what. */
import { describe, expect, test } from 'vitest';
import { errorEntry } from '../../shared/errors.ts';
import { routes } from '../../worker/registry.ts';

const name = ({ method, path }: { method: string; path: string }) => `${method.toUpperCase()} ${path}`;

describe('the registry', () => {
  test('no two routes share an operationId, or a method and a path', () => {
    expect(new Set(routes.map((route) => route.operationId)).size).toBe(routes.length);
    expect(new Set(routes.map(name)).size).toBe(routes.length);
  });

  test('SEC-09 the routes that need no login are these and no others', () => {
    const open = routes.filter((route) => route.access.kind === 'public' || route.access.kind === 'executor');
    expect(open.map((route) => `${name(route)}: ${route.access.kind}`).sort()).toEqual([
      'GET /api/v1/executors/connect: executor',
      'GET /api/v1/executors/transfers/{transferId}: executor',
      'GET /api/v1/system/status: public',
      'POST /api/v1/auth/login: public',
      'POST /api/v1/executors/enrol: executor',
      'POST /api/v1/executors/transfers/{transferId}: executor',
    ]);
  });

  test('SEC-03 what a path names is what its access reaches', () => {
    const owners: Record<string, string> = { projectId: 'project', appId: 'app', slug: 'app', deploymentId: 'deployment', serverId: 'server', userId: 'administrator', keyId: 'user', uploadId: 'app', volume: 'app', transferId: 'executor' };
    for (const route of routes) {
      const named = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => owners[parameter]);
      expect.soft(named.filter((kind) => kind !== route.access.kind), name(route)).toEqual([]);
    }
  });

  test('paths are lower case, nouns in the plural, parameters in braces', () => {
    for (const { path } of routes) expect(path).toMatch(/^\/api\/v1(\/([a-z-]+|\{[a-zA-Z]+\}))+$/);
  });

  test('SEC-16 a route that changes something is no GET', () => {
    const verbs = /^(create|update|patch|delete|deploy|start|stop|restart|pause|unpause|cancel|revoke|reveal|enrol|logIn|upload|add|rollback|exec)/;
    expect(routes.filter((route) => route.method === 'get' && verbs.test(route.operationId)).map(name)).toEqual([]);
    expect(routes.filter((route) => route.method !== 'get' && route.method !== 'options' && !verbs.test(route.operationId)).map(name)).toEqual([]);
  });

  test('every route counts its requests, but for those of executors', () => {
    expect(routes.filter(({ errors }) => !errors.includes('rate_limited')).map(name)).toEqual(routes.filter(({ access }) => access.kind === 'executor').map(name));
  });

  test('every route that asks for a login can answer 401, every one with a right 403', () => {
    const statuses = (codes: readonly Parameters<typeof errorEntry>[0][]) => new Set(codes.map((code) => errorEntry(code).status));
    for (const { access, errors } of routes) {
      const isOpen = access.kind === 'public' || access.kind === 'executor';
      expect(isOpen || statuses(errors).has(401)).toBe(true);
      expect(access.kind !== 'administrator' || statuses(errors).has(403)).toBe(true);
    }
  });
});
