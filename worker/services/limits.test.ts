import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { keptImage } from '../../shared/names.ts';
import { openTestContext, placeOnServer, presenceIf, type TestContext } from '../../test/support/control-plane-context.ts';
import { insertDeployment, listDeployments } from '../store/deployments.ts';
import { reachApp } from './access.ts';
import { changeApp } from './apps.ts';
import type { Context } from './context.ts';
import { noExecutors } from './no-executors.ts';

/** An executor that takes every call. `during` happens while limits are being changed; after `looks` looks for it, it is away. */
function withExecutor(ctx: Context, { isConnected = true, looks = Infinity, during = async () => {} }: { isConnected?: boolean; looks?: number; during?: () => Promise<void> } = {}) {
  const asked: unknown[] = [];
  let looked = 0;
  let isFirst = true;
  const executors = {
    ...noExecutors,
    presence: async () => presenceIf(isConnected && ++looked <= looks),
    call: async (_server: string, method: string, params: unknown) => {
      if (!isConnected) throw new AppError('executor_offline');
      if (method === 'update_limits') {
        asked.push(params);
        if (isFirst) await during();
        isFirst = false;
      }
      // Only calls without a result of interest are made here.
      return {} as never;
    },
  };
  return { ctx: { ...ctx, executors }, asked };
}

describe('changing the limits of a deployed app', () => {
  let opened: TestContext;
  let current: string;
  beforeEach(async () => {
    opened = await openTestContext();
    const { ctx, appId } = opened;
    await placeOnServer(opened);
    current = ctx.newId('deployment');
    await insertDeployment(ctx.db, {
      id: current, appId, serverId: 'srv_1', status: 'succeeded', phase: 'done', image: 'nginx:alpine', imageId: null, strategy: 'start-first', rollbackOf: null, actor: 'usr_1', failure: null,
      observedAt: 0, expiresAt: 1, createdAt: 0, startedAt: 0, finishedAt: 1,
    });
  });
  afterEach(() => opened.close());

  const read = () => reachApp(opened.ctx, opened.actor, { id: opened.appId, action: 'apps:read' });
  const deployments = () => listDeployments(opened.ctx.db, opened.appId, { before: undefined, limit: 10 });

  test('REL-09 on a host that is away is refused, and nothing is written', async () => {
    const { ctx } = withExecutor(opened.ctx, { isConnected: false });
    await expect(changeApp(ctx, opened.actor, await read(), { memory_limit: 64, name: 'renamed' })).rejects.toMatchObject({ code: 'executor_offline' });
    expect((await read()).settings).toMatchObject({ memory_limit: null, name: 'App' });
  });

  test('REL-09 that are taken away while the host goes away is written, and its deployment waits for the host', async () => {
    await changeApp(withExecutor(opened.ctx).ctx, opened.actor, await read(), { memory_limit: 64 });
    const { deployment } = await changeApp(withExecutor(opened.ctx, { looks: 1 }).ctx, opened.actor, await read(), { memory_limit: null });
    expect(deployment).toMatchObject({ status: 'queued', image: keptImage('app-under-test', current) });
    expect((await read()).settings).toMatchObject({ memory_limit: null });
  });

  test('asks the host only when a limit is another one', async () => {
    const { ctx, asked } = withExecutor(opened.ctx);
    await changeApp(ctx, opened.actor, await read(), { memory_limit: 64 });
    await changeApp(ctx, opened.actor, await read(), { memory_limit: 64, name: 'renamed' });
    expect(asked).toEqual([{ app: opened.appId, cpu_limit: null, memory_limit: 64 }]);
  });

  test('that loses its race gives the container back what the winner has written', async () => {
    await changeApp(withExecutor(opened.ctx).ctx, opened.actor, await read(), { memory_limit: 64 });
    const before = await read();
    const { ctx, asked } = withExecutor(opened.ctx, { during: async () => void (await changeApp(withExecutor(opened.ctx).ctx, opened.actor, before, { name: 'winner' })) });
    await expect(changeApp(ctx, opened.actor, before, { memory_limit: 128 })).rejects.toMatchObject({ code: 'concurrent_change' });
    expect(asked).toMatchObject([{ memory_limit: 128 }, { memory_limit: 64 }]);
    expect((await read()).settings).toMatchObject({ memory_limit: 64, name: 'winner' });
    expect(await deployments()).toHaveLength(1);
  });

  test('that loses its race where there was no limit takes it away again by a deployment', async () => {
    const before = await read();
    const { ctx } = withExecutor(opened.ctx, { during: async () => void (await changeApp(withExecutor(opened.ctx).ctx, opened.actor, before, { name: 'winner' })) });
    await expect(changeApp(ctx, opened.actor, before, { memory_limit: 128 })).rejects.toMatchObject({ code: 'concurrent_change' });
    expect((await deployments())[0]).toMatchObject({ image: keptImage('app-under-test', current), status: 'running' });
    expect((await read()).settings).toMatchObject({ memory_limit: null });
  });
});
