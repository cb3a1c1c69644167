import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { listApiKeys } from '../store/api-keys.ts';
import { createApiKey } from './api-keys.ts';
import { identify } from './auth.ts';

let now = Date.UTC(2026, 0);
let opened: TestContext;
beforeEach(async () => {
  opened = await openTestContext(() => now);
});
afterEach(() => opened.close());

const fields = { name: 'ci', scopes: null, projects: null, apps: null, expires_at: null };
const read = async () => (await listApiKeys(opened.ctx.db, opened.actor.user.id, { after: '', limit: 10 })).at(-1);

describe('an API key', () => {
  test('that has an end works until then', async () => {
    const { ctx, actor } = opened;
    const { key } = await createApiKey(ctx, actor.user, { ...fields, expires_at: new Date(now + 1_000).toISOString() });
    now += 999;
    await expect(identify(ctx, key)).resolves.toMatchObject({ via: 'api_key' });
    now += 1;
    await expect(identify(ctx, key)).rejects.toMatchObject({ code: 'token_expired' });
  });

  test('that would be over already is not made', async () => {
    const { ctx, actor } = opened;
    await expect(createApiKey(ctx, actor.user, { ...fields, expires_at: new Date(now).toISOString() })).rejects.toMatchObject({ code: 'invalid_value', errors: [{ pointer: '/expires_at' }] });
    expect(await read()).toBeUndefined();
  });

  test('tells when it was last used, which no call waits for', async () => {
    const { ctx, actor } = opened;
    const { key } = await createApiKey(ctx, actor.user, fields);
    now += 5_000;
    for (let i = 0; i < 3; i++) await identify(ctx, key);
    expect(await read()).toMatchObject({ lastUsedAt: null });
    expect(ctx.lastUse.isDue(now)).toBe(false);
    now += 60_000;
    // Of all that is noted, by one that is due.
    await identify(ctx, key);
    await expect.poll(read).toMatchObject({ lastUsedAt: now });
    // Of another process, late: the newest stays.
    ctx.lastUse.note('api_key', (await read())?.id ?? '', now - 60_000);
    await ctx.lastUse.write(ctx.db);
    expect([(await read())?.lastUsedAt, ctx.lastUse.isDue(now)]).toEqual([now, false]);
  });
});
