/** Routes times what keys may do, made from the registry and the table of actions, over a real control plane. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createdApiKey, scopes, user, type CreateApiKey, type Scope } from '../../shared/api/auth.ts';
import { project } from '../../shared/api/projects.ts';
import type { DefinedRoute } from '../../worker/route.ts';
import { routes } from '../../worker/registry.ts';
import { actions, refusalOf } from '../../worker/services/permissions.ts';
import { startWorld, type World } from '../support/control-plane-world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const closed = routes.filter((route) => route.access.kind !== 'public' && route.access.kind !== 'executor');
const name = ({ method, path }: DefinedRoute) => `${method.toUpperCase()} ${path}`;

/** Of something of ann's. */
function addressOf({ path }: DefinedRoute): string {
  const { ann, executor, team, tag } = world;
  const values: Record<string, string> = { projectId: ann.projectId, appId: ann.app.id, slug: ann.app.slug, deploymentId: ann.deploymentId, serverId: executor.serverId, userId: ann.id, teamId: team.id, tagId: tag.id, holderId: team.id, keyId: ann.key.id, sessionId: ann.sessionId };
  return path.replaceAll(/\{(\w+)\}/g, (_whole, parameter: string) => values[parameter] ?? 'unknown');
}

const call = (route: DefinedRoute, token: string) => world.plane.request(route.method.toUpperCase(), addressOf(route), { token });

/** Of a key that does not have the scope. */
const codeOf = ({ operationId }: DefinedRoute) => ({ sign_in: 'session_needed', hand_over: 'session_needed', reveal_key: 'reveal_needs_session' })[actions[operationId] as string] ?? 'scope_missing';

async function makeKey(token: string, fields: Partial<CreateApiKey>): Promise<string> {
  return (await world.plane.expect(201, createdApiKey, world.plane.request('POST', '/api/v1/api-keys', { token, body: { name: 'bounded', ...fields } }))).key;
}

test('every route that somebody has to be known for is one action of the table, and the table has no others', () => {
  expect(Object.keys(actions).toSorted()).toEqual(closed.map(({ operationId }) => operationId).toSorted());
});

const isAdministration = (operation: string) => actions[operation] === 'admin' || actions[operation] === 'hand_over';

test('routes of administrators are administration, and nothing else is', () => {
  const kinds = closed.filter(({ access }) => access.kind === 'administrator' || access.kind === 'server').map(({ operationId }) => operationId);
  expect(Object.keys(actions).filter(isAdministration).toSorted()).toEqual(kinds.toSorted());
});

describe('SEC-03 a key', () => {
  test.each(scopes)('with no scope but %s is refused everything else, and nothing happens', async (scope) => {
    const { administrator, connection } = world;
    const key = await makeKey(administrator.session, { scopes: [scope] });
    const refusal = ({ operationId }: DefinedRoute) => refusalOf({ role: 'owner', grants: [], via: 'api_key', scopes: [scope], isBounded: false }, actions[operationId] ?? 'admin');
    const isRefused = (route: DefinedRoute) => refusal(route) !== null;
    const before = { rows: await world.dump(), messages: connection.received.length };
    for (const route of closed.filter(isRefused)) expect.soft(await call(route, key), name(route)).toMatchObject({ status: 403, body: { code: codeOf(route), detail: refusal(route)?.detail } });
    expect(await world.dump()).toBe(before.rows);
    expect(connection.received.length).toBe(before.messages);
    const open = closed.filter((route) => !isRefused(route) && route.method === 'get' && !/\/(stream|exec|content|\{uploadId\})$/.test(route.path));
    for (const route of open) expect.soft((await call(route, key)).status, name(route)).not.toBe(403);
  });

  test('of a member is worth nothing while they are not granted to call the API, and their session is', async () => {
    const { plane, administrator, bob } = world;
    const grant = (grants: string[]) => plane.expect(200, user, plane.request('PATCH', `/api/v1/users/${bob.id}`, { token: administrator.session, body: { grants } }));
    await grant([]);
    const before = await world.dump();
    for (const route of closed) expect.soft((await call(route, bob.key.text)).body, name(route)).toMatchObject({ code: isAdministration(route.operationId) ? 'forbidden' : 'grant_missing' });
    expect(await plane.request('POST', '/api/v1/api-keys', { token: bob.session, body: { name: 'another' } })).toMatchObject({ status: 403, body: { code: 'grant_missing' } });
    expect(await world.dump()).toBe(before);
    expect((await plane.request('GET', '/api/v1/projects', { token: bob.session })).status).toBe(200);
    // From the next call on, without another key.
    expect(await grant(['api_tokens'])).toMatchObject({ grants: ['api_tokens'] });
    expect((await plane.request('GET', '/api/v1/projects', { token: bob.key.text })).status).toBe(200);
  });

  test('reaches the projects and apps that it is for, as if there were no others', async () => {
    const { plane, ann } = world;
    const ids = z.object({ data: z.array(z.object({ id: z.string() })) });
    const other = await plane.expect(201, project, plane.request('POST', '/api/v1/projects', { token: ann.session, body: { name: 'other' } }));
    const second = await plane.createApp(ann.projectId, { name: 'second', slug: 'second-of-ann', image: 'nginx:alpine' });
    const ofProject = await makeKey(ann.session, { projects: [other.id] });
    const ofApp = await makeKey(ann.session, { apps: [second.id] });
    const list = async (path: string, token: string) => (await plane.expect(200, ids, plane.request('GET', path, { token }))).data.map(({ id }) => id);
    const statusOf = async (path: string, token: string) => (await plane.request('GET', path, { token })).status;
    expect([await list('/api/v1/projects', ofProject), await list('/api/v1/apps', ofProject)]).toEqual([[other.id], []]);
    expect([await list('/api/v1/projects', ofApp), await list('/api/v1/apps', ofApp)]).toEqual([[], [second.id]]);
    expect([await statusOf(`/api/v1/apps/${second.slug}`, ofApp), await statusOf(`/api/v1/apps/${ann.app.slug}`, ofApp), await statusOf(`/api/v1/deployments/${ann.deploymentId}`, ofApp)]).toEqual([200, 404, 404]);
    expect([await statusOf(`/api/v1/projects/${other.id}`, ofProject), await statusOf(`/api/v1/projects/${ann.projectId}`, ofProject), await statusOf(`/api/v1/projects/${ann.projectId}`, ofApp)]).toEqual([200, 404, 404]);
    // A reach of foreign things reaches nothing: it only takes away.
    const stranger = await makeKey(world.bob.session, { projects: [ann.projectId], apps: [ann.app.id] });
    expect([await list('/api/v1/projects', stranger), await statusOf(`/api/v1/apps/${ann.app.slug}`, stranger)]).toEqual([[], 404]);
    expect(await plane.request('POST', '/api/v1/api-keys', { token: ofApp, body: { name: 'wider' } })).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    // Nor does it make what it would not reach.
    const before = await world.dump();
    for (const token of [ofProject, ofApp]) expect(await plane.request('POST', '/api/v1/projects', { token, body: { name: 'out of reach' } })).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    expect(await world.dump()).toBe(before);
  });

  test('gives no ticket for what it may not do itself', async () => {
    const { plane, ann } = world;
    const key = await makeKey(ann.session, { scopes: ['logs' satisfies Scope] });
    const ask = (action: string) => plane.request('POST', '/api/v1/ws-tickets', { token: key, body: { app: ann.app.slug, action } });
    expect((await ask('logs')).status).toBe(201);
    for (const action of ['exec', 'stats']) expect(await ask(action)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
  });
});
