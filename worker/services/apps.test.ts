import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { reachApp } from './access.ts';
import { openEnv } from './app-env.ts';
import { changeApp } from './apps.ts';
import { readEvents } from './events.ts';

describe('changing an app', () => {
  let opened: TestContext;
  beforeEach(async () => {
    opened = await openTestContext(() => 1_795_373_428_000);
  });
  afterEach(() => opened.close());

  test('of two that start from the same state one wins, and the other is told', async () => {
    const { ctx, actor, appId } = opened;
    const seen = await reachApp(ctx, actor, { id: appId, action: 'apps:read' });
    await changeApp(ctx, actor, seen, { env: { WINNER: '1' }, memory_limit: 64 });
    await expect(changeApp(ctx, actor, seen, { env: { LOSER: '1' }, cpu_limit: 2 })).rejects.toMatchObject({ code: 'concurrent_change' });

    const now = await reachApp(ctx, actor, { id: appId, action: 'apps:read' });
    expect(now.settings).toMatchObject({ memory_limit: 64, cpu_limit: null });
    expect(await openEnv(ctx, now)).toEqual({ WINNER: '1' });
    const { data } = await readEvents(ctx, now, { limit: 50 });
    expect(data.filter((event) => event.type === 'app.updated')).toHaveLength(1);
  });

  test('two in the same millisecond, one after the other, both count', async () => {
    const { ctx, actor, appId } = opened;
    for (const name of ['FIRST', 'SECOND']) await changeApp(ctx, actor, await reachApp(ctx, actor, { id: appId, action: 'apps:read' }), { env: { [name]: '1' } });
    expect(await openEnv(ctx, await reachApp(ctx, actor, { id: appId, action: 'apps:read' }))).toEqual({ FIRST: '1', SECOND: '1' });
  });

  test('REL-05 an environment that has grown too long for the link is refused, and nothing is changed', async () => {
    const { ctx, actor, appId } = opened;
    const large = 'x'.repeat(300 * 1024);
    await changeApp(ctx, actor, await reachApp(ctx, actor, { id: appId, action: 'apps:read' }), { env: { FIRST: large } });
    const before = await reachApp(ctx, actor, { id: appId, action: 'apps:read' });
    await expect(changeApp(ctx, actor, before, { env: { SECOND: large } })).rejects.toMatchObject({ code: 'too_long', errors: [{ pointer: '/env' }] });
    expect(await reachApp(ctx, actor, { id: appId, action: 'apps:read' })).toEqual(before);
  });

  const theirs = `dockup/somebody-else:dep_${'0'.repeat(22)}`;
  test.each([theirs, `docker.io/${theirs}`, `index.docker.io/${theirs}`, 'dockup/somebody-else@sha256:ab', `sha256:${'ab'.repeat(32)}`, 'sha256:ab', 'ab'.repeat(32)])('SEC-04 cannot give it the image of another one, as %s', async (image) => {
    const { ctx, actor, appId } = opened;
    const before = await reachApp(ctx, actor, { id: appId, action: 'apps:read' });
    await expect(changeApp(ctx, actor, before, { image })).rejects.toMatchObject({ code: 'image_not_found', errors: [{ pointer: '/image' }] });
    expect(await reachApp(ctx, actor, { id: appId, action: 'apps:read' })).toEqual(before);
  });
});
