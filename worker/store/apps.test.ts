import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestContext, placeOnServer, type TestContext } from '../../test/support/control-plane-context.ts';
import { requestDeployment } from '../services/deployments.ts';
import { reachApp } from '../services/access.ts';
import { findAppBySlug, listApps } from './apps.ts';

let opened: TestContext;
beforeEach(async () => {
  opened = await openTestContext();
});
afterEach(() => opened.close());

test('REL-25 an app that the release before has made on this schema has no volumes, and is deployed', async () => {
  const { ctx, actor, appId } = opened;
  await placeOnServer(opened);
  await ctx.db.client.execute(`update apps set settings = json_remove(settings, '$.volumes')`);

  const app = await reachApp(ctx, actor, { id: appId, action: 'apps:read' });
  for (const read of [app, await findAppBySlug(ctx.db, app.slug), ...(await listApps(ctx.db, { ownerId: undefined, shared: { projects: [], apps: [] }, reach: null }, { after: '', limit: 10 }))]) expect(read?.settings).toMatchObject({ volumes: [], image: 'nginx:alpine' });
  const { deployment } = await requestDeployment(ctx, actor, app, { isQueued: true });
  expect(deployment).toMatchObject({ status: 'queued', strategy: 'start-first' });
});
