/** What is shared: every route of a thing times how it is shared, made from the registry and the table of actions, over a real control plane. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createdApiKey } from '../../shared/api/auth.ts';
import { project } from '../../shared/api/projects.ts';
import { share, sharePage } from '../../shared/api/shares.ts';
import { team as teamSchema } from '../../shared/api/teams.ts';
import { defaultEnvironmentId } from '../../shared/names.ts';
import type { DefinedRoute } from '../../worker/route.ts';
import { routes } from '../../worker/registry.ts';
import { actions, refusalOfLevel, type Level } from '../../worker/services/permissions.ts';
import { addPerson, startWorld, type Person, type World } from '../support/control-plane-world.ts';

let world: World;
/** In a team that ann has shared her project with, for developers. */
let cleo: Person;
/** Reaches ann's project as a viewer. */
let dan: Person;
/** Reaches ann's app, not her project, as a developer. */
let eve: Person;
beforeAll(async () => {
  world = await startWorld();
  world.handlers.remove_app = () => ({});
  const { plane, ann } = world;
  [cleo, dan, eve] = [await addPerson(plane, 'cleo'), await addPerson(plane, 'dan'), await addPerson(plane, 'eve')];
  const team = await plane.expect(201, teamSchema, plane.request('POST', '/api/v1/teams', { body: { name: 'Shop' } }));
  await plane.expect(200, teamSchema, put(`/api/v1/teams/${team.id}/members/${cleo.id}`));
  await plane.expect(200, share, put(`/api/v1/projects/${ann.projectId}/access/${team.id}`, { role: 'developer' }, ann.session));
  await plane.expect(200, share, put(`/api/v1/projects/${ann.projectId}/access/${dan.id}`, { role: 'viewer' }, ann.session));
  await plane.expect(200, share, put(`/api/v1/apps/${ann.app.slug}/access/${eve.id}`, {}, ann.session));
});
afterAll(() => world?.stop());

const name = ({ method, path }: DefinedRoute) => `${method.toUpperCase()} ${path}`;
const put = (path: string, body?: unknown, token?: string) => world.plane.request('PUT', path, { ...(token !== undefined && { token }), ...(body !== undefined && { body }) });
const get = (path: string, token: string) => world.plane.request('GET', path, { token });

const things = routes.filter(({ access }) => access.kind === 'project' || access.kind === 'environment' || access.kind === 'app' || access.kind === 'deployment');

function addressOf({ path }: DefinedRoute): string {
  const { ann, bob, tag } = world;
  const values: Record<string, string> = { projectId: ann.projectId, environmentId: defaultEnvironmentId(ann.projectId), appId: ann.app.id, slug: ann.app.slug, deploymentId: ann.deploymentId, holderId: bob.id, tagId: tag.id };
  return path.replaceAll(/\{(\w+)\}/g, (_whole, parameter: string) => values[parameter] ?? 'unknown');
}

/** By the session and by an API key: what is shared is found with either. */
async function callsOf(person: Person, route: DefinedRoute) {
  const replies = [];
  for (const token of [person.session, person.key.text]) replies.push(await world.plane.request(route.method.toUpperCase(), addressOf(route), { token }));
  return replies;
}

describe('SEC-03 what is shared', () => {
  const expectRefused = async (person: () => Person, levelAt: (route: DefinedRoute) => Level | null) => {
    const before = { rows: await world.dump(), messages: world.connection.received.length };
    const allowed: DefinedRoute[] = [];
    for (const route of things) {
      const as = levelAt(route);
      const action = actions[route.operationId] ?? 'admin';
      const refusal = as === null ? null : refusalOfLevel(as, action);
      if (as !== null && refusal === null) allowed.push(route);
      else for (const reply of await callsOf(person(), route)) expect.soft(reply, name(route)).toMatchObject(as === null ? { status: 404, body: { code: `${route.access.kind}_not_found` } } : { status: 403, body: { code: 'forbidden', detail: refusal?.detail } });
    }
    expect(await world.dump()).toBe(before.rows);
    expect(world.connection.received.length).toBe(before.messages);
    return allowed;
  };
  /** Those that end, and have something to answer. */
  const expectRead = async (person: () => Person, allowed: DefinedRoute[]) => {
    const reads = allowed.filter(({ method, path, errors }) => method === 'get' && !errors.includes('not_available_yet') && !/\/(stream|exec|content|\{uploadId\})$/.test(path));
    for (const route of reads) for (const reply of await callsOf(person(), route)) expect.soft(reply.status, name(route)).toBe(200);
    return reads.map(({ operationId }) => operationId);
  };

  test('with a viewer is read, with its logs, and nothing else', async () => {
    const allowed = await expectRefused(() => dan, () => 'viewer');
    expect(allowed.filter(({ method }) => method !== 'get')).toEqual([]);
    const reads = await expectRead(() => dan, allowed);
    expect(reads).toEqual(expect.arrayContaining(['getProject', 'listProjectApps', 'getApp', 'getAppLogs', 'listAppEvents', 'listAppDeployments', 'getDeployment', 'listVolumes']));
    expect(reads).not.toContain('getAppEnv');
  });

  test('with a team for developers is theirs but for sharing it and deleting the project', async () => {
    const allowed = await expectRefused(() => cleo, () => 'developer');
    const kept = things.filter((route) => !allowed.includes(route)).map(({ operationId }) => operationId);
    expect(kept.toSorted()).toEqual(['deleteProject', 'grantAppAccess', 'grantProjectAccess', 'listAppAccess', 'listProjectAccess', 'revokeAppAccess', 'revokeProjectAccess']);
    expect(await expectRead(() => cleo, allowed)).toContain('getAppEnv');
  });

  test('of one app reaches no more than that app', async () => {
    const allowed = await expectRefused(() => eve, ({ access }) => (access.kind === 'project' || access.kind === 'environment' ? null : 'developer'));
    expect([...new Set(allowed.map(({ access }) => access.kind))].toSorted()).toEqual(['app', 'deployment']);
    await expectRead(() => eve, allowed);
  });

  test('is in the lists of those it is shared with, and of nobody else', async () => {
    const { ann, bob } = world;
    const ids = z.object({ data: z.array(z.object({ id: z.string() })) });
    const list = async (path: string, token: string) => ids.parse((await get(path, token)).body).data.map(({ id }) => id);
    for (const person of [cleo, dan]) {
      for (const token of [person.session, person.key.text]) expect([await list('/api/v1/projects', token), await list('/api/v1/apps', token)]).toEqual([[ann.projectId], [ann.app.id]]);
    }
    expect([await list('/api/v1/projects', eve.session), await list('/api/v1/apps', eve.session)]).toEqual([[], [ann.app.id]]);
    expect([await list('/api/v1/projects', bob.session), await list('/api/v1/apps', bob.session)]).toEqual([[bob.projectId], [bob.app.id]]);
    // A key takes away of what is shared as of what is one's own.
    const key = await world.plane.expect(201, createdApiKey, world.plane.request('POST', '/api/v1/api-keys', { token: cleo.session, body: { name: 'narrow', projects: [bob.projectId] } }));
    expect([await list('/api/v1/projects', key.key), (await get(`/api/v1/apps/${ann.app.slug}`, key.key)).status]).toEqual([[], 404]);
  });

  test('opens tickets as far as it is shared', async () => {
    const { ann, bob, plane } = world;
    const ask = async (token: string, action: string) => (await plane.request('POST', '/api/v1/ws-tickets', { token, body: { app: ann.app.slug, action } })).status;
    expect([await ask(dan.session, 'logs'), await ask(dan.session, 'stats'), await ask(dan.session, 'exec')]).toEqual([201, 201, 403]);
    expect([await ask(cleo.session, 'exec'), await ask(bob.session, 'logs')]).toEqual([201, 404]);
  });

  test('is changed by developers, who own what they put into it no more than the rest', async () => {
    const { ann, plane } = world;
    expect(await plane.request('PATCH', `/api/v1/projects/${ann.projectId}`, { token: cleo.session, body: { description: 'by cleo' } })).toMatchObject({ status: 200, body: { owner_id: ann.id, description: 'by cleo' } });
    const made = await plane.expect(201, z.object({ id: z.string() }), plane.request('POST', `/api/v1/projects/${ann.projectId}/apps`, { token: cleo.session, body: { name: 'c', slug: 'made-by-cleo', image: 'nginx:alpine' } }));
    expect((await get(`/api/v1/apps/${made.id}`, ann.session)).status).toBe(200);
    expect((await get(`/api/v1/apps/${made.id}`, dan.session)).status).toBe(200);
    expect((await get(`/api/v1/apps/${made.id}`, eve.session)).status).toBe(404);
    expect((await plane.request('DELETE', `/api/v1/apps/${made.id}`, { token: cleo.session })).status).toBe(204);
  });

  test('more than once is as the role that allows most', async () => {
    const { ann, plane } = world;
    const path = `/api/v1/projects/${ann.projectId}/access/${cleo.id}`;
    await plane.expect(200, share, put(path, { role: 'viewer' }, ann.session));
    expect((await get(`/api/v1/apps/${ann.app.id}/env`, cleo.session)).status).toBe(200);
    expect((await plane.request('DELETE', path, { token: ann.session })).status).toBe(204);
  });
});

describe('SEC-03 sharing', () => {
  test('is known to the owner and to administrators, with names, and takes effect with the next call', async () => {
    const { ann, bob, administrator, plane } = world;
    const path = `/api/v1/apps/${ann.app.id}/access`;
    const before = await plane.expect(200, sharePage, get(path, ann.session));
    expect(before.data).toMatchObject([{ user_id: eve.id, team_id: null, name: eve.email, role: 'developer' }]);
    expect((await get(`/api/v1/apps/${ann.app.id}`, bob.session)).status).toBe(404);
    const made = await plane.expect(200, share, put(`${path}/${bob.id}`, { role: 'viewer' }, administrator.session));
    expect((await get(`/api/v1/apps/${ann.app.id}`, bob.session)).status).toBe(200);
    // Sharing it again changes the role of the one there is.
    expect(await plane.expect(200, share, put(`${path}/${bob.id}`, { role: 'developer' }, ann.session))).toEqual({ ...made, role: 'developer' });
    expect(await plane.expect(200, sharePage, get(`${path}?limit=1&cursor=${before.data[0]?.id}`, ann.session))).toMatchObject({ data: [{ id: made.id }], next_cursor: null });
    expect((await plane.request('DELETE', `${path}/${bob.id}`, { token: ann.session })).status).toBe(204);
    expect(await plane.request('DELETE', `${path}/${bob.id}`, { token: ann.session })).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    expect((await get(`/api/v1/apps/${ann.app.id}`, bob.session)).status).toBe(404);
    expect(await plane.expect(200, sharePage, get(path, ann.session))).toEqual(before);
  });

  test('with nobody, or as nothing, changes nothing', async () => {
    const { ann, plane } = world;
    const path = `/api/v1/projects/${ann.projectId}/access`;
    const key = await plane.expect(201, createdApiKey, plane.request('POST', '/api/v1/api-keys', { token: ann.session, body: { name: 'k', scopes: ['apps:write'] } }));
    const before = await world.dump();
    expect(await put(`${path}/usr_${'0'.repeat(22)}`, {}, ann.session)).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    expect(await put(`${path}/team_${'0'.repeat(22)}`, {}, ann.session)).toMatchObject({ status: 404, body: { code: 'team_not_found' } });
    expect(await put(`${path}/${dan.id}`, { role: 'owner' }, ann.session)).toMatchObject({ status: 422, body: { code: 'invalid_value', errors: [{ pointer: '/role' }] } });
    // Its scopes do not hold `admin`.
    expect(await put(`${path}/${dan.id}`, { role: 'developer' }, key.key)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    expect(await world.dump()).toBe(before);
  });

  test('leaves nothing of a user, a team, a project or an app that is deleted', async () => {
    const { ann, plane, administrator } = world;
    const fay = await addPerson(plane, 'fay');
    const team = await plane.expect(201, teamSchema, plane.request('POST', '/api/v1/teams', { body: { name: 'short-lived' } }));
    expect((await put(`/api/v1/teams/${team.id}/members/${fay.id}`)).body).toMatchObject({ members: [fay.id] });
    const own = await plane.expect(201, project, plane.request('POST', '/api/v1/projects', { token: ann.session, body: { name: 'short-lived' } }));
    const app = await plane.createApp(own.id, { name: 'a', slug: 'short-lived', image: 'nginx:alpine' });
    for (const holder of [fay.id, team.id]) {
      for (const path of [`/api/v1/projects/${own.id}`, `/api/v1/apps/${app.id}`, `/api/v1/projects/${ann.projectId}`]) await plane.expect(200, share, put(`${path}/access/${holder}`, {}, ann.session));
    }
    const rows = async (column: string, id: string) => (await plane.database.execute({ sql: `select count(*) as count from shares where ${column} = ?`, args: [id] })).rows[0]?.['count'];
    const remove = async (path: string) => expect((await plane.request('DELETE', path, { token: administrator.session })).status).toBe(204);
    expect([await rows('app_id', app.id), await rows('project_id', own.id), await rows('team_id', team.id), await rows('user_id', fay.id)]).toEqual([2, 2, 3, 3]);
    await remove(`/api/v1/apps/${app.id}`);
    await remove(`/api/v1/projects/${own.id}`);
    await remove(`/api/v1/teams/${team.id}`);
    expect((await get(`/api/v1/apps/${ann.app.id}`, fay.session)).status).toBe(200);
    await remove(`/api/v1/users/${fay.id}`);
    expect([await rows('app_id', app.id), await rows('project_id', own.id), await rows('team_id', team.id), await rows('user_id', fay.id)]).toEqual([0, 0, 0, 0]);
    expect((await plane.database.execute({ sql: 'select * from team_members where team_id = ? or user_id = ?', args: [team.id, fay.id] })).rows).toEqual([]);
  });
});

describe('teams', () => {
  test('are kept by administrators', async () => {
    const { plane } = world;
    const team = await plane.expect(201, teamSchema, plane.request('POST', '/api/v1/teams', { body: { name: ' Night shift ' } }));
    expect(team).toMatchObject({ name: 'Night shift', members: [] });
    const path = `/api/v1/teams/${team.id}`;
    for (let i = 0; i < 2; i++) expect((await put(`${path}/members/${eve.id}`)).body).toMatchObject({ members: [eve.id] });
    expect((await plane.request('PATCH', path, { body: { name: 'Day shift' } })).body).toMatchObject({ name: 'Day shift', members: [eve.id] });
    expect((await plane.request('DELETE', `${path}/members/${eve.id}`)).status).toBe(204);
    expect((await plane.request('DELETE', path)).status).toBe(204);
    expect(await plane.request('GET', path)).toMatchObject({ status: 404, body: { code: 'team_not_found' } });
  });

  test('and people that are not there are told apart', async () => {
    const { plane, team, bob } = world;
    const missing = `usr_${'0'.repeat(22)}`;
    const before = await world.dump();
    expect(await put(`/api/v1/teams/${team.id}/members/${missing}`)).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    expect(await put(`/api/v1/teams/team_${'0'.repeat(22)}/members/${bob.id}`)).toMatchObject({ status: 404, body: { code: 'team_not_found' } });
    expect(await plane.request('DELETE', `/api/v1/teams/${team.id}/members/${bob.id}`)).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    expect(await plane.request('PATCH', `/api/v1/teams/team_${'0'.repeat(22)}`, { body: {} })).toMatchObject({ status: 404, body: { code: 'team_not_found' } });
    expect(await world.dump()).toBe(before);
  });
});
