/** Route times actor, over the real list of routes and a real control plane. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defaultEnvironmentId } from '../../shared/names.ts';
import type { DefinedRoute } from '../../worker/route.ts';
import { routes } from '../../worker/registry.ts';
import { audited as auditedOperations } from '../../worker/services/audited.ts';
import { startWorld, withoutTrail, type Member, type World } from '../support/control-plane-world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const name = ({ method, path }: DefinedRoute) => `${method.toUpperCase()} ${path}`;

/** A body that the route would take, so that nothing but the right stands in the way. */
const bodies: Record<string, unknown> = {
  createApiKey: { name: 'k' },
  createUser: { email: 'new@example.com', password: 'twelve-characters', role: 'admin' },
  updateUser: { role: 'admin' },
  patchUser: { grants: ['api_tokens'] },
  createInvitation: { email: 'invited@example.com', role: 'admin' },
  createTeam: { name: 't' },
  updateTeam: { name: 'taken over' },
  patchTeam: { name: 'taken over' },
  grantProjectAccess: { role: 'developer' },
  grantAppAccess: { role: 'developer' },
  createProject: { name: 'p' },
  updateProject: { name: 'taken over' },
  patchProject: { name: 'taken over' },
  createEnvironment: { name: 'staging' },
  updateEnvironment: { name: 'taken over' },
  patchEnvironment: { name: 'taken over' },
  createTag: { name: 't' },
  updateTag: { name: 'taken over' },
  patchTag: { name: 'taken over' },
  updateProjectTags: { tags: [] },
  createApp: { name: 'a', slug: 'intruder', image: 'nginx:alpine' },
  updateApp: { image: 'evil:latest', env: { DATABASE_URL: null } },
  patchApp: { image: 'evil:latest', env: { DATABASE_URL: null } },
  createServer: { name: 's' },
  execInApp: { cmd: ['true'] },
  addVolume: { name: 'data', mount_path: '/data' },
  rollbackApp: {},
  updatePassword: { current_password: 'wrong', new_password: 'twelve-characters' },
  createTotpSecret: { current_password: 'wrong' },
  confirmTotp: { code: '000000' },
  deleteTotp: { current_password: 'wrong', code: '000000' },
  createRecoveryCodes: { current_password: 'wrong', code: '000000' },
  createTicket: { app: 'nowhere', action: 'logs' },
};

/** The route's address for one thing of this member. */
function addressOf({ path }: DefinedRoute, owner: Member, by: 'id' | 'slug' = 'id'): string {
  const values: Record<string, string> = {
    projectId: owner.projectId,
    environmentId: defaultEnvironmentId(owner.projectId),
    appId: by === 'id' ? owner.app.id : owner.app.slug,
    slug: by === 'id' ? owner.app.id : owner.app.slug,
    deploymentId: owner.deploymentId,
    serverId: world.executor.serverId,
    userId: owner.id,
    teamId: world.team.id,
    tagId: world.tag.id,
    // Somebody it could be shared with.
    holderId: world.bob.id,
    keyId: owner.key.id,
    sessionId: owner.sessionId,
  };
  return path.replaceAll(/\{(\w+)\}/g, (_whole, parameter: string) => values[parameter] ?? 'unknown');
}

async function callAs(route: DefinedRoute, path: string, token: string | null) {
  const body = bodies[route.operationId];
  return world.plane.request(route.method.toUpperCase(), path, { token, ...(body !== undefined && { body }) });
}

const closed = routes.filter((route) => route.access.kind !== 'public' && route.access.kind !== 'executor');
/** Tags are everybody's to read; which projects have them is not. */
const ofEverybody = ['getTag'];
const ofSomebody = closed.filter((route) => route.path.includes('{') && !ofEverybody.includes(route.operationId));

test('every closed route that takes a body has one here', () => {
  const without = closed.filter((route) => route.errors.includes('malformed_json') && bodies[route.operationId] === undefined);
  expect(without.map(name)).toEqual([]);
});

describe('SEC-09 without a token', () => {
  test.each(closed.map((route) => [name(route), route] as const))('%s is 401', async (_name, route) => {
    const before = await world.dump();
    const path = addressOf(route, world.ann);
    expect(await callAs(route, path, null)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await callAs(route, path, `dkp_${'0'.repeat(48)}`)).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    expect(await world.dump()).toBe(before);
  });

  test('an unknown route under /api is 404 as a problem document, never a page', async () => {
    const reply = await world.plane.request('GET', '/api/v2/anything', { token: null });
    expect(reply).toMatchObject({ status: 404, body: { code: 'route_not_found' } });
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('SEC-03 a member and what belongs to another one', () => {
  const expected = (route: DefinedRoute) => (route.access.kind === 'administrator' || route.access.kind === 'server' ? 403 : 404);

  test.each(ofSomebody.map((route) => [name(route), route] as const))('%s: refused, nothing changed, nothing sent', async (_name, route) => {
    const { ann, bob, connection } = world;
    const before = { rows: await world.dump(), messages: connection.received.length };
    for (const token of [bob.session, bob.key.text]) {
      for (const by of ['id', 'slug'] as const) {
        const reply = await callAs(route, addressOf(route, ann, by), token);
        const theft = JSON.stringify(reply.body);
        // What takes a session asks for one before it looks for anything.
        const wantsSession = route.errors.includes('session_needed') || route.errors.includes('reveal_needs_session');
        expect(reply.status).toBe(wantsSession && token === bob.key.text ? 403 : expected(route));
        for (const text of [ann.app.name, ann.key.text, ann.email, 'planted-env-value', 'nginx']) expect(theft).not.toContain(text);
      }
    }
    expect(await world.dump()).toBe(before.rows);
    expect(connection.received.length).toBe(before.messages);
  });

  test.each(ofSomebody.map((route) => [name(route), route] as const))('%s: a stranger cannot tell a thing that exists from one that does not', async (_name, route) => {
    const existing = await callAs(route, addressOf(route, world.ann), world.bob.session);
    const missing = await callAs(route, addressOf(route, world.ann).replace(/_[0-9a-z]{22}/, `_${'0'.repeat(22)}`), world.bob.session);
    const { request_id: _one, ...first } = existing.body as Record<string, unknown>;
    const { request_id: _two, ...second } = missing.body as Record<string, unknown>;
    expect(first).toEqual(second);
  });

  test('the right is looked at before the body: a wrong one tells a stranger nothing', async () => {
    const wrong = await world.plane.request('PUT', `/api/v1/apps/${world.ann.app.slug}`, { token: world.bob.session, body: { nonsense: true } });
    expect(wrong).toMatchObject({ status: 404, body: { code: 'app_not_found' } });
  });

  test('an id of one kind opens nothing of another kind', async () => {
    const { ann } = world;
    for (const path of [`/api/v1/projects/${ann.app.id}`, `/api/v1/apps/${ann.projectId}`, `/api/v1/deployments/${ann.app.id}`, `/api/v1/projects/${ann.app.slug}`]) {
      expect(await world.plane.request('GET', path, { token: ann.session })).toMatchObject({ status: 404 });
    }
  });

  test('lists hold what belongs to the caller, and an administrator sees all of it', async () => {
    const ids = z.object({ data: z.array(z.object({ id: z.string() })) });
    const list = async (path: string, token: string) => (await world.plane.expect(200, ids, world.plane.request('GET', path, { token }))).data.map(({ id }) => id);
    const { ann, bob, administrator } = world;
    for (const { session } of [ann, bob]) expect(await list('/api/v1/projects', session)).toHaveLength(1);
    expect(await list('/api/v1/projects', bob.session)).toEqual([bob.projectId]);
    expect(await list('/api/v1/apps', bob.key.text)).toEqual([bob.app.id]);
    expect(await list('/api/v1/api-keys', bob.session)).toEqual([bob.key.id]);
    expect(await list('/api/v1/apps', administrator.session)).toEqual([ann.app.id, bob.app.id]);
    expect(await list('/api/v1/api-keys', administrator.session)).toEqual([administrator.key.id]);
  });

  test.each(closed.filter((route) => expected(route) === 403).map((route) => [name(route), route] as const))('%s is 403 for a member', async (_name, route) => {
    const before = await world.dump();
    expect(await callAs(route, addressOf(route, world.bob), world.bob.session)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await world.dump()).toBe(before);
  });
});

describe('SEC-16', () => {
  const pages = ['/', '/login', '/settings', '/swagger', '/docs', '/assets/pages.css', '/assets/swagger-ui-bundle.js', '/errors', '/page.css', '/logo.svg', '/llms.txt', '/swagger.json', '/api/v1/openapi.json', '/.well-known/openapi.json', '/.well-known/ai-plugin.json', '/.well-known/api-catalog', '/.well-known/security.txt'];

  test('no GET changes anything, and all that reaches the executor is a question', async () => {
    // Streams do not end, the content of a volume and the state of an upload are there only after more than one request: their own tests look at what they send.
    const gets = routes.filter((route) => route.method === 'get' && route.access.kind !== 'executor' && !/\/(stream|exec|content|\{uploadId\})$/.test(route.path)).map((route) => addressOf(route, world.ann));
    const before = { rows: await world.dump(), messages: world.connection.received.length };
    const trail = async () => (await world.plane.database.execute('select action, target, actor from audit_entries order by seq')).rows.map(({ action, target, actor }) => `${String(action)} ${String(target)} by ${String(actor)}`);
    const told = await trail();
    const replies: [path: string, status: number][] = [];
    for (const path of [...gets, ...pages]) {
      for (const method of ['GET', 'HEAD']) replies.push([path, (await world.plane.request(method, path, { token: world.administrator.session })).status]);
    }
    const unbuilt = routes.filter(({ errors }) => errors.includes('not_available_yet')).map((route) => addressOf(route, world.ann));
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
