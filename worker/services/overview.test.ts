/** What changes the overview changes its version: nothing that is kept is ever old. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApp as createAppBody } from '../../shared/api/apps.ts';
import { openTestContext, placeOnServer, type TestContext } from '../../test/support/control-plane-context.ts';
import { reachApp, reachEnvironment, reachProject } from './access.ts';
import { changeApp, createApp } from './apps.ts';
import { cancelDeployment, requestDeployment } from './deployments.ts';
import { changeEnvironment, createEnvironment, removeEnvironment } from './environments.ts';
import { readOverview, readOverviewVersion } from './overview.ts';
import { changeProject, createProject, removeProject } from './projects.ts';
import { removeApp } from './removals.ts';
import { addProjectTag, changeProjectTags, changeTag, createTag, removeTag } from './tags.ts';

let opened: TestContext;
beforeEach(async () => {
  // The clock stands still: changes follow one another within a millisecond.
  opened = await openTestContext(() => 1_795_000_000_000);
});
afterEach(() => opened.close());

test('every change of what an overview holds makes another version of it, and reading makes none', async () => {
  const { ctx, actor, appId } = opened;
  const versions: string[] = [];
  const note = async () => versions.push(await readOverviewVersion(ctx, actor));
  const app = () => reachApp(ctx, actor, { id: appId, action: 'apps:write' });
  const ownProject = () => reachProject(ctx, actor, { id: project.id, action: 'apps:write' });
  await placeOnServer(opened);
  await note();

  const project = await createProject(ctx, actor, { name: 'other', description: '' });
  await note();
  await changeProject(ctx, project, { name: 'renamed' });
  await note();
  await changeProject(ctx, await ownProject(), { name: 'again' });
  await note();
  const staging = await createEnvironment(ctx, project, { name: 'staging', description: '' });
  await note();
  await changeEnvironment(ctx, await reachEnvironment(ctx, actor, { id: staging.id, action: 'apps:write' }), { name: 'preview' });
  await note();
  const made = await createApp(ctx, actor, project, createAppBody.parse({ name: 'b', slug: 'b', environment_id: staging.id }));
  await note();
  await changeApp(ctx, actor, await app(), { name: 'changed' });
  await note();
  const { deployment } = await requestDeployment(ctx, actor, await app(), { isQueued: true });
  await note();
  await cancelDeployment(ctx, actor, deployment);
  await note();
  await ctx.db.client.execute({ sql: "update apps set status = 'running' where id = ?", args: [appId] });
  await note();
  await removeApp(ctx, made.app, { isQueued: true, volumes: [] });
  await note();
  await removeEnvironment(ctx, staging);
  await note();
  const tag = await createTag(ctx, { name: 'customers', color: null });
  await addProjectTag(ctx, await ownProject(), tag.id);
  await note();
  await changeTag(ctx, tag.id, { color: '#3b82f6' });
  await note();
  await changeTag(ctx, tag.id, { name: 'clients' });
  await note();
  await changeProjectTags(ctx, await ownProject(), [(await createTag(ctx, { name: 'internal', color: null })).id]);
  await note();
  await addProjectTag(ctx, await ownProject(), tag.id);
  await note();
  await removeTag(ctx, tag.id);
  // What it holds is what it held before that one came back.
  expect(await readOverviewVersion(ctx, actor)).toBe(versions.at(-2));
  await removeProject(ctx, project);
  await note();
  expect(new Set(versions).size).toBe(versions.length);

  await readOverview(ctx, actor);
  expect(await readOverviewVersion(ctx, actor)).toBe(versions.at(-1));
});

test('a member has no part in what others have', async () => {
  const { ctx, actor } = opened;
  const member = { ...actor, user: { ...actor.user, id: 'usr_other', role: 'member' as const } };
  expect(await readOverviewVersion(ctx, member)).toBe('');
  expect(await readOverview(ctx, member)).toEqual([]);
});
