/** Whatever names a thing of somebody else, by every door: it is as if it were not there, nothing is changed and nothing crosses the wire. One list of cases, run against both hosts. */
import type { Host } from '../../../scripts/local/settings.ts';
import { startWorld, type World } from '../../support/control-plane-world.ts';
import { testSubject } from '../../support/host-cases.ts';
import { procedureCases } from './cases/procedures.ts';
import { routeCases } from './cases/routes.ts';
import { socketCases } from './cases/sockets.ts';

const groups = [
  { name: 'by routes', cases: routeCases },
  { name: 'by sockets', cases: socketCases },
  { name: "by Dokploy's procedures", cases: procedureCases },
];

export function testTenants(host: Host): void {
  testSubject({ title: 'SEC-03 a member and what belongs to another one', host, groups, start: () => startTenants(host) });
}

async function startTenants(host: Host): Promise<World> {
  const world = await startWorld({}, host);
  for (const { app, session } of [world.ann, world.bob]) await world.plane.request('POST', `/api/v1/apps/${app.id}/volumes`, { token: session, body: { name: 'data', mount_path: '/data' } });
  return world;
}
