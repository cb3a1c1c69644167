import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { defaultEnvironmentId } from '../../shared/names.ts';
import { insertCopies } from '../store/apps.ts';
import { listEvents } from '../store/events.ts';
import { reachApp, reachEnvironment, reachProject } from './access.ts';
import { changeApp } from './apps.ts';
import { copyInto, duplicateEnvironment, readAppsIn } from './copies.ts';
import { createEnvironment, newEnvironment, removeEnvironment } from './environments.ts';
import { newEvent } from './events.ts';
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
  const copy = (slug: string) => {
    const id = ctx.newId('app');
    return { app: { ...app, id, slug, environmentId: environment.id }, event: newEvent(ctx, { appId: id, type: 'app.created', actor: 'system', message: 'copied' }) };
  };
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

const readEnvironment = async () => reachEnvironment(opened.ctx, opened.actor, { id: defaultEnvironmentId((await readApp()).projectId), action: 'apps:write' });
const appsIn = ({ id }: { id: string }) => readAppsIn(opened.ctx, opened.actor, id);

test('REL-08 copies are written together with the events that tell of them', async () => {
  const { ctx, actor } = opened;
  const from = await readEnvironment();
  await copyInto(ctx, actor, await appsIn(from), from);
  const execute = vi.spyOn(ctx.db.client, 'execute');
  const batch = vi.spyOn(ctx.db.client, 'batch');
  const copies = await appsIn(await duplicateEnvironment(ctx, actor, from, { name: 'staging' }));
  expect(copies).toHaveLength(2);
  for (const { id } of copies) expect(await listEvents(ctx.db, id, { before: undefined, type: 'app.created', limit: 10 })).toHaveLength(1);
  expect([batch.mock.calls.length, execute.mock.calls.filter(([statement]) => JSON.stringify(statement).startsWith('{"sql":"insert')).length]).toEqual([1, 0]);
});

test('copies have names that are whole, however long those of their originals are', async () => {
  const { ctx, actor } = opened;
  const from = await readEnvironment();
  await changeApp(ctx, actor, await readApp(), { name: `${'a'.repeat(92)}💥${'b'.repeat(6)}` });
  await copyInto(ctx, actor, [await readApp()], from);
  expect((await appsIn(from)).map(({ settings }) => settings.name)).toContain(`${'a'.repeat(92)} (copy)`);
});
