import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { insertCopies } from '../store/apps.ts';
import { reachApp, reachEnvironment, reachProject } from './access.ts';
import { copyInto } from './copies.ts';
import { createEnvironment, newEnvironment, removeEnvironment } from './environments.ts';
import { asNewApp } from './slugs.ts';

let opened: TestContext;
beforeEach(async () => {
  opened = await openTestContext();
});
afterEach(() => opened.close());

const rows = async () => JSON.stringify((await opened.ctx.db.client.batch(['select * from apps', 'select * from environments', 'select * from events'])).map((table) => table.rows));
const readApp = () => reachApp(opened.ctx, opened.actor, { id: opened.appId, action: 'apps:write' });

test('where one of the copies cannot be made, none is, nor what they were to go into', async () => {
  const { ctx } = opened;
  const { ownerId: _owner, serverStatus: _status, ingress: _ingress, ...app } = await readApp();
  const environment = newEnvironment(ctx, app.projectId, { name: 'staging', description: '' });
  const copy = (slug: string) => ({ ...app, id: ctx.newId('app'), slug, environmentId: environment.id });
  const before = await rows();
  await expect(asNewApp(insertCopies(ctx.db, { environment }, [copy('first-copy'), copy(app.slug)]), app.slug)).rejects.toMatchObject({ code: 'slug_taken' });
  expect(await rows()).toBe(before);
});

test('an environment that is deleted in the same moment takes no copy', async () => {
  const { ctx, actor } = opened;
  const app = await readApp();
  const project = await reachProject(ctx, actor, { id: app.projectId, action: 'apps:write' });
  const { id } = await createEnvironment(ctx, project, { name: 'staging', description: '' });
  const staging = await reachEnvironment(ctx, actor, { id, action: 'apps:write' });
  await removeEnvironment(ctx, staging);
  const before = await rows();
  await expect(copyInto(ctx, actor, [app], staging)).rejects.toMatchObject({ code: 'environment_not_found' });
  expect(await rows()).toBe(before);
});
