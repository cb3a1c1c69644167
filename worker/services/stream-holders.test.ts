import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestContext, placeOnServer, presenceIf, type TestContext } from '../../test/support/control-plane-context.ts';
import { createApiKey } from './api-keys.ts';
import type { Context } from './context.ts';
import { endLostStreams, holderOf, refusalOfHolder } from './stream-holders.ts';
import { sweep } from './sweep.ts';

const minute = 60_000;

describe('what a stream was opened with', () => {
  let now = Date.UTC(2026, 0);
  let opened: TestContext;
  let ctx: Context;
  const looks: string[] = [];

  beforeEach(async () => {
    looks.length = 0;
    opened = await openTestContext(() => now);
    await placeOnServer(opened);
    ctx = { ...opened.ctx, executors: { ...opened.ctx.executors, presence: async () => presenceIf(true), lookAtRights: async (server) => void looks.push(server) } };
  });
  afterEach(() => opened.close());

  test('SEC-03 is looked at by the sweep after a key has expired, and no other', async () => {
    const { actor, appId } = opened;
    const { row } = await createApiKey(ctx, actor.user, { name: 'short-lived', scopes: ['logs'], projects: null, apps: null, expires_at: new Date(now + 5 * minute).toISOString() });
    const holder = holderOf({ ...actor, via: 'api_key', tokenId: row.id }, ['logs']);
    await sweep(ctx);
    expect(looks).toEqual([]);
    expect(await refusalOfHolder(ctx, holder, appId)).toBeNull();
    expect(await refusalOfHolder(ctx, { ...holder, actions: ['logs', 'exec'] }, appId)).toMatchObject({ code: 'scope_missing' });
    now += 5 * minute;
    await sweep(ctx);
    expect(looks).toEqual(['srv_1']);
    expect(await refusalOfHolder(ctx, holder, appId)).toMatchObject({ code: 'token_expired' });
    now += 2 * minute;
    await sweep(ctx);
    expect(looks).toEqual(['srv_1']);
  });

  test('SEC-03 is looked at once more by a hub that could not look', async () => {
    let failures = 2;
    ctx.executors.lookAtRights = async (server) => {
      if (failures-- > 0) throw new Error('the object was reset');
      looks.push(server);
    };
    endLostStreams(ctx, opened.actor.user.id);
    await expect.poll(() => looks, { timeout: 5_000 }).toEqual(['srv_1']);
  });

  test('SEC-03 is looked at by the sweep that finds a session over', async () => {
    const { actor, appId } = opened;
    const holder = holderOf(actor, ['logs']);
    expect(await refusalOfHolder(ctx, holder, appId)).toBeNull();
    now += 400 * 24 * 60 * minute;
    await sweep(ctx);
    expect(looks).toEqual(['srv_1']);
    expect(await refusalOfHolder(ctx, holder, appId)).toMatchObject({ code: 'invalid_token' });
  });
});
