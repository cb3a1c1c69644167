/** Every WebSocket: Dockup's own, by whatever names the app and whatever says who asks, and Dokploy's. */
import { expect, test } from 'vitest';
import { containerName } from '../../../../shared/names.ts';
import { dokploySockets } from '../../../../worker/dokploy/sockets.ts';
import type { DefinedRoute } from '../../../../worker/route.ts';
import { onAppSocket } from '../../../../worker/socket-access.ts';
import { expectNothingDone, type Member, type World } from '../../../support/control-plane-world.ts';
import { missingOf } from '../../../support/dokploy-references.ts';
import { addressOf, closedRoutes, nameOf } from '../../../support/route-calls.ts';
import { openSocket } from '../../../support/socket-client.ts';

const ofApps = closedRoutes.filter(({ access }) => access === onAppSocket);

/** What each of Dokploy's sockets is told: the same of whoever it belongs to. */
const queries: Record<string, (owner: Pick<Member, 'app' | 'deploymentId'>) => string[]> = {
  '/docker-container-logs': (owner) => namesOf(owner).map((name) => `containerId=${name}`),
  '/docker-container-terminal': (owner) => namesOf(owner).map((name) => `containerId=${name}&activeWay=sh`),
  '/listen-deployment': ({ deploymentId }) => [`logPath=${deploymentId}`],
};

const namesOf = ({ app, deploymentId }: Pick<Member, 'app' | 'deploymentId'>) => [app.id, app.slug, containerName(app.slug, deploymentId)];

export function socketCases(world: () => World): void {
  const closingOf = async (path: string, options: { token?: string; headers?: Record<string, string> }) => (await openSocket({ url: world().plane.url, path, ...options })).closed;

  /** What somebody who is refused hears of the thing, and of one that there is not: the same. */
  async function expectRefused(address: string, missing: string, code: string): Promise<void> {
    const { bob } = world();
    const asked: object[] = [{ token: bob.session }, { token: bob.key.text }];
    for (const options of asked) {
      const closed = await closingOf(address, options);
      expect([address, closed.code, closed.reason.split(':')[0]]).toEqual([address, 4404, code]);
      expect(await closingOf(missing, options)).toEqual(closed);
    }
    const inAddress = await closingOf(`${address}${address.includes('?') ? '&' : '?'}token=${bob.key.text}`, {});
    expect([address, inAddress.code]).toEqual([address, 4404]);
  }

  test('every socket of Dokploy is here', () => {
    expect(Object.keys(queries)).toEqual(dokploySockets.map(({ path }) => path));
    expect(ofApps.map(({ operationId }) => operationId)).toEqual(['streamAppLogs', 'streamAppStats', 'openTerminal']);
  });

  test.each(ofApps.map((route): [string, DefinedRoute] => [nameOf(route), route]))('%s closes as if there were no such app, nothing changed, nothing sent', async (_name, route) => {
    await expectNothingDone(world(), async () => {
      for (const by of ['id', 'slug'] as const) {
        const address = addressOf(world(), route, world().ann, by);
        await expectRefused(address, address.replace(/apps\/[^/]+/, `apps/${missingOf(world().ann.app.id)}`), 'app_not_found');
      }
    });
    expect(world().connection.streams).toEqual([]);
  });

  test.each(dokploySockets.map(({ path }) => path))('%s closes as if there were no such thing, nothing changed, nothing sent', async (path) => {
    const { ann } = world();
    const nobody = { app: { ...ann.app, id: missingOf(ann.app.id), slug: 'nobody' }, deploymentId: missingOf(ann.deploymentId) };
    await expectNothingDone(world(), async () => {
      const missing = queries[path]?.(nobody) ?? [];
      for (const [i, query] of (queries[path]?.(ann) ?? []).entries()) {
        await expectRefused(`${path}?${query}`, `${path}?${missing[i]}`, path === '/listen-deployment' ? 'deployment_not_found' : 'app_not_found');
        const closed = await closingOf(`${path}?${query}`, { headers: { 'x-api-key': world().bob.key.text } });
        expect([query, closed.code]).toEqual([query, 4404]);
      }
    });
    expect(world().connection.streams).toEqual([]);
  });

  test('a ticket for something of theirs is not given', async () => {
    const { plane, ann, bob } = world();
    await expectNothingDone(world(), async () => {
      for (const token of [bob.session, bob.key.text]) {
        for (const app of [ann.app.id, ann.app.slug]) {
          for (const action of ['logs', 'exec', 'stats']) expect(await plane.request('POST', '/api/v1/ws-tickets', { token, body: { app, action } })).toMatchObject({ status: 404, body: { code: 'app_not_found' } });
        }
      }
    });
  });
}
