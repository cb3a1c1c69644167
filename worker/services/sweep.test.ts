import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { findDeployment, insertDeployment } from '../store/deployments.ts';
import type { DeploymentRow } from '../store/schema.ts';
import type { Context } from './context.ts';
import { sweep } from './sweep.ts';

const hour = 3600 * 1000;

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
      id, appId: opened.appId, serverId: 'srv_gone', status: 'queued', phase: 'queued', image: 'nginx:alpine', imageId: null, actor: 'usr_1', failure: null,
      observedAt: 0, expiresAt: now + 24 * hour, createdAt: now, startedAt: null, finishedAt: null, ...changes,
    });
    return id;
  };

  test('REL-09 one that waited a day for its host has failed with deadline_exceeded', async () => {
    const id = await insert({});
    now += 24 * hour - 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'queued' });
    now += 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'failed', finishedAt: now, failure: { code: 'deadline_exceeded', phase: 'queued' } });
  });

  test('one whose executor never told how it ended has failed after three hours', async () => {
    const id = await insert({ status: 'running', phase: 'health', startedAt: now });
    now += 3 * hour - 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'running' });
    now += 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'failed', failure: { code: 'deadline_exceeded', phase: 'health' } });
  });

  test('one that has ended is left alone', async () => {
    const id = await insert({ status: 'succeeded', phase: 'done', startedAt: now, finishedAt: now });
    now += 100 * hour;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'succeeded', failure: null });
  });
});
