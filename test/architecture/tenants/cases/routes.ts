/** Every route of Dockup's API. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { DefinedRoute } from '../../../../worker/route.ts';
import type { World } from '../../../support/control-plane-world.ts';
import { addressOf, callRoute, closedRoutes, nameOf } from '../../../support/route-calls.ts';

/** Tags are everybody's to read; which projects have them is not. */
const ofEverybody = ['getTag'];
const ofSomebody = closedRoutes.filter((route) => route.path.includes('{') && !ofEverybody.includes(route.operationId));

export function routeCases(world: () => World): void {
  const expected = (route: DefinedRoute) => (route.access.kind === 'administrator' || route.access.kind === 'server' ? 403 : 404);

  test.each(ofSomebody.map((route) => [nameOf(route), route] as const))('%s: refused, nothing changed, nothing sent', async (_name, route) => {
    const { ann, bob, connection } = world();
    const before = { rows: await world().dump(), messages: connection.received.length };
    for (const token of [bob.session, bob.key.text]) {
      for (const by of ['id', 'slug'] as const) {
        const reply = await callRoute(world(), route, addressOf(world(), route, ann, by), token);
        const theft = JSON.stringify(reply.body);
        // What takes a session asks for one before it looks for anything.
        const wantsSession = route.errors.includes('session_needed') || route.errors.includes('reveal_needs_session');
        expect(reply.status).toBe(wantsSession && token === bob.key.text ? 403 : expected(route));
        for (const text of [ann.app.name, ann.key.text, ann.email, 'planted-env-value', 'nginx']) expect(theft).not.toContain(text);
      }
    }
    expect(await world().dump()).toBe(before.rows);
    expect(connection.received.length).toBe(before.messages);
  });

  test.each(ofSomebody.map((route) => [nameOf(route), route] as const))('%s: a stranger cannot tell a thing that exists from one that does not', async (_name, route) => {
    const { ann, bob } = world();
    for (const token of [bob.session, bob.key.text]) {
      const existing = await callRoute(world(), route, addressOf(world(), route, ann), token);
      const missing = await callRoute(world(), route, addressOf(world(), route, ann).replace(/_[0-9a-z]{22}/, `_${'0'.repeat(22)}`), token);
      const { request_id: _one, ...first } = existing.body as Record<string, unknown>;
      const { request_id: _two, ...second } = missing.body as Record<string, unknown>;
      expect(first).toEqual(second);
    }
  });

  test('the right is looked at before the body: a wrong one tells a stranger nothing', async () => {
    const wrong = await world().plane.request('PUT', `/api/v1/apps/${world().ann.app.slug}`, { token: world().bob.session, body: { nonsense: true } });
    expect(wrong).toMatchObject({ status: 404, body: { code: 'app_not_found' } });
  });

  test('an id of one kind opens nothing of another kind', async () => {
    const { ann } = world();
    for (const path of [`/api/v1/projects/${ann.app.id}`, `/api/v1/apps/${ann.projectId}`, `/api/v1/deployments/${ann.app.id}`, `/api/v1/projects/${ann.app.slug}`]) {
      expect(await world().plane.request('GET', path, { token: ann.session })).toMatchObject({ status: 404 });
    }
  });

  test('lists hold what belongs to the caller, and an administrator sees all of it', async () => {
    const ids = z.object({ data: z.array(z.object({ id: z.string() })) });
    const list = async (path: string, token: string) => (await world().plane.expect(200, ids, world().plane.request('GET', path, { token }))).data.map(({ id }) => id);
    const { ann, bob, administrator } = world();
    for (const { session } of [ann, bob]) expect(await list('/api/v1/projects', session)).toHaveLength(1);
    expect(await list('/api/v1/projects', bob.session)).toEqual([bob.projectId]);
    expect(await list('/api/v1/apps', bob.key.text)).toEqual([bob.app.id]);
    expect(await list('/api/v1/api-keys', bob.session)).toEqual([bob.key.id]);
    expect(await list('/api/v1/apps', administrator.session)).toEqual([ann.app.id, bob.app.id]);
    expect(await list('/api/v1/api-keys', administrator.session)).toEqual([administrator.key.id]);
  });

  test.each(closedRoutes.filter((route) => expected(route) === 403).map((route) => [nameOf(route), route] as const))('%s is 403 for a member', async (_name, route) => {
    const before = await world().dump();
    expect(await callRoute(world(), route, addressOf(world(), route, world().bob), world().bob.session)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await world().dump()).toBe(before);
  });
}
