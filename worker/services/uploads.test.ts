import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { keptImage } from '../../shared/names.ts';
import { openTestContext, placeOnServer, type TestContext } from '../../test/support/control-plane-context.ts';
import { listDeployments } from '../store/deployments.ts';
import { reachApp } from './access.ts';
import type { Context } from './context.ts';
import { noExecutors } from './no-executors.ts';
import { deployArchive } from './uploads.ts';

/** An executor that goes away while it loads an image: with the image in its engine, or without. */
function whoseExecutorLeaves(ctx: Context, refusal?: AppError): Context {
  const load = async () => {
    if (refusal !== undefined) throw refusal;
    // The one call that is made here is `load_image`.
    return { image_id: 'sha256:2c5f', size: 1 } as never;
  };
  return { ...ctx, executors: { ...noExecutors, call: load, upload: load } };
}

describe('deploying an uploaded image', () => {
  let opened: TestContext;
  beforeEach(async () => {
    opened = await openTestContext();
    await placeOnServer(opened);
  });
  afterEach(() => opened.close());

  const deploy = async (ctx: Context) => deployArchive(ctx, opened.actor, await reachApp(ctx, opened.actor, { id: opened.appId, action: 'deploy' }), { from: 'upload-1', pick: null });

  test('waits for a host that went away once it had the image: what was uploaded is not asked for again', async () => {
    const { deployment, position } = await deploy(whoseExecutorLeaves(opened.ctx));
    expect(deployment).toMatchObject({ status: 'queued', image: keptImage('app-under-test', deployment.id) });
    expect(position).toBe(1);
  });

  test('that is refused has changed nothing', async () => {
    const { ctx, actor, appId } = opened;
    await expect(deploy(whoseExecutorLeaves(ctx, new AppError('archive_invalid')))).rejects.toMatchObject({ code: 'archive_invalid' });
    expect((await reachApp(ctx, actor, { id: appId, action: 'apps:read' })).settings.image).toBe('nginx:alpine');
    expect(await listDeployments(ctx.db, appId, { before: undefined, limit: 10 })).toEqual([]);
  });
});
