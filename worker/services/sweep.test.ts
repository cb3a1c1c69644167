import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { openTestContext, placeOnServer, presenceIf, type TestContext } from '../../test/support/control-plane-context.ts';
import { findDeployment, insertDeployment, queuePosition } from '../store/deployments.ts';
import { deleteAppLater, listRemovals } from '../store/removals.ts';
import { apps, type DeploymentRow } from '../store/schema.ts';
import type { Context } from './context.ts';
import { createIngest } from './ingest.ts';
import { noExecutors } from './no-executors.ts';
import { sweep } from './sweep.ts';

const hour = 3600 * 1000;

/** An executor that is there, as the services see it: `answer` is what it does with a call. */
function withExecutor(ctx: Context, answer: (method: string) => unknown): { ctx: Context; called: string[] } {
  const called: string[] = [];
  const executors = {
    ...noExecutors,
    presence: async () => presenceIf(true),
    call: async (_server: string, method: string) => {
      called.push(method);
      // Which result belongs to the method only the test knows.
      return answer(method) as never;
    },
  };
  return { ctx: { ...ctx, executors }, called };
}

describe('REL-08 no deployment stays open for ever', () => {
  let now = Date.UTC(2026, 0);
  let opened: TestContext;
  let ctx: Context;

  beforeEach(async () => {
    opened = await openTestContext(() => now);
    ({ ctx } = opened);
  });
  afterEach(() => opened.close());

  const insert = async (changes: Partial<DeploymentRow>): Promise<string> => {
    const id = ctx.newId('deployment');
    await insertDeployment(ctx.db, {
      id, appId: opened.appId, serverId: 'srv_gone', status: 'queued', phase: 'queued', image: 'nginx:alpine', imageId: null, strategy: 'start-first', rollbackOf: null, actor: 'usr_1', failure: null,
      observedAt: 0, expiresAt: now + 24 * hour, createdAt: now, startedAt: null, finishedAt: null, ...changes,
    });
    return id;
  };

  test('one that nobody started, because the process ended before it could, is started', async () => {
    await placeOnServer(opened);
    const { ctx: connected, called } = withExecutor(ctx, () => ({ accepted: true }));
    const id = await insert({ createdAt: now - 2 * 60_000 });
    const next = await insert({ createdAt: now - 60_000 });
    await sweep(connected);
    expect(called).toEqual(['deploy']);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'running' });
    expect(await findDeployment(ctx.db, next)).toMatchObject({ status: 'queued' });
  });

  test.each<[string, () => Partial<DeploymentRow>]>([
    ['waited a day for its host', () => ({ status: 'queued' })],
    ['was claimed and in a day never came to its host', () => ({ status: 'running', startedAt: now })],
  ])('REL-09 one that %s has failed with deadline_exceeded', async (_name, changes) => {
    const before = changes();
    const id = await insert(before);
    now += 24 * hour - 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: before.status });
    now += 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'failed', finishedAt: now, failure: { code: 'deadline_exceeded', phase: 'queued' } });
  });

  test('one whose executor does not tell how it ended has failed after three hours; what the executor tells later counts', async () => {
    const id = await insert({ status: 'running', phase: 'health', observedAt: now, startedAt: now });
    now += 3 * hour - 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'running' });
    now += 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'failed', failure: { code: 'executor_lost', phase: 'health' } });
    now += hour;
    const tell = (status: 'succeeded' | 'failed') => createIngest(ctx).event('srv_gone', 1, { kind: 'deployment', deployment: id, app: opened.appId, status, phase: 'done', at: now, image_id: null, failure: null });
    await tell('succeeded');
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'succeeded', phase: 'done', finishedAt: now, failure: null });
    await tell('failed');
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'succeeded' });
  });

  test('REL-20 the order is that of coming, whenever the id was given out', async () => {
    await placeOnServer(opened);
    const { ctx: connected } = withExecutor(ctx, () => ({ accepted: true }));
    const second = await insert({ createdAt: now - 60_000 });
    const first = await insert({ createdAt: now - 2 * 60_000 });
    expect(second < first).toBe(true);
    expect(await queuePosition(ctx.db, (await findDeployment(ctx.db, second))!)).toBe(2);
    await sweep(connected);
    expect(await findDeployment(ctx.db, first)).toMatchObject({ status: 'running' });
    expect(await findDeployment(ctx.db, second)).toMatchObject({ status: 'queued' });
  });

  test('one that has ended is left alone', async () => {
    const id = await insert({ status: 'succeeded', phase: 'done', startedAt: now, finishedAt: now });
    now += 100 * hour;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'succeeded', failure: null });
  });

  describe('whose executor is there', () => {
    const minute = 60 * 1000;
    const accept = () => ({ accepted: true });

    test('is delivered again when nothing was heard of it for a minute', async () => {
      await insert({ status: 'running', startedAt: now });
      const executor = withExecutor(ctx, accept);
      now += minute - 1;
      await sweep(executor.ctx);
      expect(executor.called).toEqual([]);
      now += 1;
      await sweep(executor.ctx);
      expect(executor.called).toEqual(['deploy']);
    });

    test('REL-27 is delivered once more at once when its call was lost on the way, and then left to the next sweep', async () => {
      const id = await insert({ status: 'running', startedAt: now });
      now += minute;
      const executor = withExecutor(ctx, () => Promise.reject(new AppError('executor_lost')));
      await sweep(executor.ctx);
      expect(executor.called).toEqual(['deploy', 'deploy']);
      expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'running', phase: 'queued' });
    });

    test('REL-06 has been cancelled when its executor was told so before it was told of the deployment', async () => {
      const id = await insert({ status: 'running', startedAt: now });
      now += minute;
      await sweep(withExecutor(ctx, () => Promise.reject(new AppError('deployment_cancelled'))).ctx);
      expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'cancelled', failure: { code: 'deployment_cancelled' } });
    });

    test('is left alone once its executor has spoken of it', async () => {
      await insert({ status: 'running', phase: 'pull', startedAt: now });
      const executor = withExecutor(ctx, accept);
      now += minute;
      await sweep(executor.ctx);
      expect(executor.called).toEqual([]);
    });

    test('stays as it is when the delivery breaks, to be delivered by the next sweep', async () => {
      const id = await insert({ status: 'running', startedAt: now });
      now += minute;
      await sweep(withExecutor(ctx, () => Promise.reject(new Error('the object was reset'))).ctx);
      expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'running', phase: 'queued' });
    });

    test('has failed when the environment of its app cannot be opened', async () => {
      const id = await insert({ status: 'running', startedAt: now });
      await ctx.db.orm.update(apps).set({ sealedEnv: 'sealed with a key that is lost' });
      now += minute;
      const executor = withExecutor(ctx, accept);
      await sweep(executor.ctx);
      expect(executor.called).toEqual([]);
      expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'failed', failure: { code: 'internal_error' } });
    });
  });
});

describe('a removal that failed on its host', () => {
  test('is asked for again by every sweep until it is done', async () => {
    const opened = await openTestContext();
    const { ctx, appId, close } = opened;
    await placeOnServer(opened);
    await deleteAppLater(ctx.db, { appId, serverId: 'srv_1', volumes: ['data'] }, 0);

    let isReachable = false;
    const executor = withExecutor(ctx, () => {
      if (!isReachable) throw new AppError('engine_unreachable');
      return {};
    });
    await sweep(executor.ctx);
    expect(await listRemovals(ctx.db, 'srv_1')).toHaveLength(1);
    isReachable = true;
    await sweep(executor.ctx);
    await sweep(executor.ctx);
    expect(executor.called).toEqual(['remove_app', 'remove_app']);
    expect(await listRemovals(ctx.db, 'srv_1')).toEqual([]);
    await close();
  });
});
