/** Procedures of Dokploy times actor, over the real table of them and a real control plane. What belongs to somebody else: `tenants/`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createdApiKey, scopes } from '../../shared/api/auth.ts';
import { listed } from '../../worker/dokploy/procedures.ts';
import { refusalOf } from '../../worker/services/permissions.ts';
import { callDokploy } from '../support/dokploy-client.ts';
import { inputs } from '../support/dokploy-inputs.ts';
import { expectNothingDone, startWorld, withoutTrail, type World } from '../support/control-plane-world.ts';
import { idsIn, inputOf, queries, refusalFor, schemaOf, working, type Working } from '../support/dokploy-references.ts';

/** What the executor is asked on the way of a query. */
const questions = ['logs', 'stats', 'volumes'];

let world: World;
beforeAll(async () => {
  world = await startWorld();
  for (const { app, session } of [world.ann, world.bob]) await world.plane.request('POST', `/api/v1/apps/${app.id}/volumes`, { token: session, body: { name: 'data', mount_path: '/data' } });
});
afterAll(() => world?.stop());

test('every procedure that works and has to be told something has a row here that it would take', () => {
  expect(working.filter((entry) => schemaOf(entry).required.length > 0 && inputs[entry.path] === undefined).map(({ path }) => path)).toEqual([]);
  expect(Object.keys(inputs).filter((path) => !working.some((entry) => entry.path === path))).toEqual([]);
  for (const entry of working) expect.soft(entry.procedure.input.safeParse(inputOf(world, entry, world.ann)).error, entry.path).toBeUndefined();
});

test('every id that has to be there is one of somebody here', () => {
  const known = Object.keys(idsIn(world, world.ann));
  const unknown = working.flatMap((entry) => schemaOf(entry).required.filter((name) => /^id$|Ids?$/.test(name) && !known.includes(name)).map((name) => `${entry.path}: ${name}`));
  expect(unknown).toEqual([]);
});

describe('SEC-09 without a key', () => {
  test.each(['/api', '/api/trpc'])('%s: every procedure is 401, also those that do not work, and nothing is done', async (base) => {
    await expectNothingDone(world, async () => {
      for (const { path, method } of listed) {
        for (const headers of [{}, { 'x-api-key': `dkp_${'0'.repeat(48)}` }, { authorization: 'Bearer nonsense' }]) {
          const response = await fetch(`${world.plane.url}${base}/${path}`, { method: method.toUpperCase(), headers: { ...headers, 'content-type': 'application/json' }, ...(method === 'post' && { body: '{}' }) });
          expect.soft([response.status, (await response.text()).includes('nauthorized') || base === '/api/trpc'], path).toEqual([401, true]);
        }
      }
    });
  });
});

describe('SEC-03 a member who is not granted to call the API', () => {
  test('is refused all of it, by a session as well', async () => {
    const { plane, administrator, bob } = world;
    const grant = (grants: string[]) => plane.request('PATCH', `/api/v1/users/${bob.id}`, { token: administrator.session, body: { grants } });
    await grant([]);
    await expectNothingDone(world, async () => {
      for (const { path } of listed) {
        for (const key of [bob.key.text, bob.session]) expect.soft(await callDokploy(plane, path, {}, key), path).toMatchObject({ status: 403, body: { code: 'FORBIDDEN', data: { dockupCode: 'grant_missing' } } });
      }
    });
    await grant(['api_tokens']);
    expect((await callDokploy(plane, 'project.all', {}, bob.key.text)).status).toBe(200);
  });
});

describe('SEC-03 a key', () => {
  test.each(scopes)('with no scope but %s is let in where the procedure says so, and nowhere else', async (scope) => {
    const { plane, administrator, ann, connection } = world;
    const { key } = await plane.expect(201, createdApiKey, plane.request('POST', '/api/v1/api-keys', { token: administrator.session, body: { name: scope, scopes: [scope] } }));
    const refusalIn = ({ procedure }: Working) => refusalOf({ role: 'admin', grants: [], via: 'api_key', scopes: [scope], isBounded: false }, procedure.action);
    const before = { rows: await world.dump(), messages: connection.received.length };
    for (const entry of working.filter((one) => refusalIn(one) !== null)) expect.soft(await callDokploy(plane, entry.path, inputOf(world, entry, ann), key), entry.path).toMatchObject({ status: 403, body: { data: { dockupCode: refusalIn(entry)?.code } } });
    expect(connection.received.length).toBe(before.messages);
    const open = working.filter((entry) => refusalIn(entry) === null);
    for (const entry of open.filter(({ method }) => method === 'get')) expect.soft((await callDokploy(plane, entry.path, inputOf(world, entry, ann), key)).status, entry.path).toBe(200);
    // The right comes before the input, so that one that is not taken shows that the right is there.
    for (const entry of open.filter((one) => one.method === 'post' && schemaOf(one).required.length > 0)) expect.soft((await callDokploy(plane, entry.path, {}, key)).status, entry.path).toBe(400);
    expect(withoutTrail(await world.dump())).toBe(withoutTrail(before.rows));
  });

  test('SEC-11 without secrets:read reads no variables, and with it those of one application', async () => {
    const { plane, administrator, ann } = world;
    for (const [wanted, isShown] of [[['apps:read', 'logs', 'apps:write', 'deploy'], false], [['apps:read', 'secrets:read'], true]] as const) {
      const { key } = await plane.expect(201, createdApiKey, plane.request('POST', '/api/v1/api-keys', { token: administrator.session, body: { name: 'reader', scopes: wanted } }));
      const shown: string[] = [];
      for (const entry of queries) {
        const { body } = await callDokploy(plane, entry.path, inputOf(world, entry, ann), key);
        if (JSON.stringify(body)?.includes('planted-env-value')) shown.push(entry.path);
      }
      expect(shown).toEqual(isShown ? ['application.one'] : []);
    }
  });
});

describe('SEC-16', () => {
  test('no query changes anything, and all that reaches the executor is a question', async () => {
    const before = { rows: await world.dump(), messages: world.connection.received.length };
    const trail = async () => (await world.plane.database.execute('select action from audit_entries order by seq')).rows.map(({ action }) => action);
    const told = await trail();
    for (const entry of queries) expect.soft(await callDokploy(world.plane, entry.path, inputOf(world, entry, world.ann)), entry.path).toMatchObject({ status: refusalFor('admin', 'api_key', entry) === null ? 200 : 403 });
    // Whoever has read the variables of an application is told of: nothing else is written.
    expect(withoutTrail(await world.dump())).toBe(withoutTrail(before.rows));
    expect((await trail()).slice(told.length)).toEqual(['dokploy.application.one']);
    const sent = world.connection.received.slice(before.messages).map((message) => (message.type === 'call' ? message.method : message.type));
    expect(sent.filter((method) => !questions.includes(method))).toEqual([]);
  });

  test('no mutation is to be had by GET, by either protocol', async () => {
    const { plane, ann } = world;
    await expectNothingDone(world, async () => {
      for (const entry of working.filter(({ method }) => method === 'post')) {
        const input = inputOf(world, entry, ann);
        const addresses = [`/api/${entry.path}?${new URLSearchParams(input as Record<string, string>)}`, `/api/trpc/${entry.path}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`];
        for (const address of addresses) expect.soft((await fetch(plane.url + address, { headers: { 'x-api-key': plane.credentials.api_key } })).status, address).toBe(404);
      }
    });
  });
});
