/** Route times actor, over the real list of routes and a real control plane. What belongs to somebody else: `tenants/`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../worker/registry.ts';
import { audited as auditedOperations } from '../../worker/services/audited.ts';
import { startWorld, withoutTrail, type World } from '../support/control-plane-world.ts';
import { addressOf, bodies, callRoute, closedRoutes, nameOf } from '../support/route-calls.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

test('every closed route that takes a body has one here', () => {
  const without = closedRoutes.filter((route) => route.errors.includes('malformed_json') && bodies[route.operationId] === undefined);
  expect(without.map(nameOf)).toEqual([]);
});

describe('SEC-09 without a token', () => {
  test.each(closedRoutes.map((route) => [nameOf(route), route] as const))('%s is 401', async (_name, route) => {
    const before = await world.dump();
    const path = addressOf(world, route, world.ann);
    expect(await callRoute(world, route, path, null)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await callRoute(world, route, path, `dkp_${'0'.repeat(48)}`)).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    expect(await world.dump()).toBe(before);
  });

  test('an unknown route under /api is 404 as a problem document, never a page', async () => {
    const reply = await world.plane.request('GET', '/api/v2/anything', { token: null });
    expect(reply).toMatchObject({ status: 404, body: { code: 'route_not_found' } });
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('SEC-16', () => {
  const pages = ['/', '/login', '/settings', '/swagger', '/docs', '/assets/pages.css', '/assets/swagger-ui-bundle.js', '/errors', '/page.css', '/logo.svg', '/llms.txt', '/swagger.json', '/api/v1/openapi.json', '/.well-known/openapi.json', '/.well-known/ai-plugin.json', '/.well-known/api-catalog', '/.well-known/security.txt'];

  test('no GET changes anything, and all that reaches the executor is a question', async () => {
    // Streams do not end, the content of a volume and the state of an upload are there only after more than one request: their own tests look at what they send.
    const gets = routes.filter((route) => route.method === 'get' && route.access.kind !== 'executor' && !/\/(stream|exec|content|\{uploadId\})$/.test(route.path)).map((route) => addressOf(world, route, world.ann));
    const before = { rows: await world.dump(), messages: world.connection.received.length };
    const trail = async () => (await world.plane.database.execute('select action, target, actor from audit_entries order by seq')).rows.map(({ action, target, actor }) => `${String(action)} ${String(target)} by ${String(actor)}`);
    const told = await trail();
    const replies: [path: string, status: number][] = [];
    for (const path of [...gets, ...pages]) {
      for (const method of ['GET', 'HEAD']) replies.push([path, (await world.plane.request(method, path, { token: world.administrator.session })).status]);
    }
    const unbuilt = routes.filter(({ errors }) => errors.includes('not_available_yet')).map((route) => addressOf(world, route, world.ann));
    expect(replies.filter(([path, status]) => status !== (unbuilt.includes(path) ? 501 : 200))).toEqual([]);
    // Whoever has read secrets is told of: the row of that, and nothing else, is what a GET writes, by these operations alone.
    const audited: Record<string, string> = {
      getAppEnv: 'values of secrets leave the host',
      downloadVolume: 'so does the content of a volume, which may be a database',
      openTerminal: 'a WebSocket begins with a GET: it is no read, and needs an upgrade',
    };
    expect(routes.filter(({ method, operationId }) => method === 'get' && operationId in auditedOperations).map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(audited).toSorted());
    expect((await trail()).slice(told.length)).toEqual(['GET', 'HEAD'].map(() => `app.read_env ${world.ann.app.id} by ${world.administrator.id}`));
    expect(withoutTrail(await world.dump())).toBe(withoutTrail(before.rows));
    const sent = world.connection.received.slice(before.messages);
    expect(new Set(sent.map((message) => (message.type === 'call' ? message.method : message.type)))).toEqual(new Set(['logs', 'stats', 'volumes']));
  });

  test('a deploy is not to be had by GET', async () => {
    const { app } = world.ann;
    for (const path of [`/api/v1/deploy/${app.slug}`, `/api/v1/apps/${app.id}/deploy`, `/api/v1/apps/${app.id}/stop`]) {
      const reply = await world.plane.request('GET', path);
      expect(reply).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
      expect(reply.headers.get('allow')).toBe('POST');
    }
  });
});
