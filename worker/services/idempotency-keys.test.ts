import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { isId } from '../../shared/names.ts';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { endLeases } from '../store/idempotency-keys.ts';
import { idempotencyKeys } from '../store/schema.ts';
import type { Actor } from './actor.ts';
import type { Context } from './context.ts';
import { claimKey, mayHaveActed, type Claim, type KeptReply } from './idempotency-keys.ts';
import { sweep } from './sweep.ts';
import { createUser, removeUser } from './users.ts';

const request = { key: 'key-1', fingerprint: 'f1' };
const reply: KeptReply = { status: 201, headers: { 'content-type': 'application/json', location: '/made' }, body: '{"key":"dkp_planted"}' };
const hours = 3600 * 1000;

describe('an idempotency key', () => {
  let opened: TestContext;
  let ctx: Context;
  let actor: Actor;
  beforeEach(async () => {
    // The clock and the timer that keeps a lease go together.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'], now: Date.UTC(2026, 0) });
    opened = await openTestContext();
    ({ ctx, actor } = opened);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await opened.close();
  });

  const rows = async () => ctx.db.orm.select().from(idempotencyKeys);
  const ask = (changes: Partial<typeof request> = {}) => claimKey(ctx, actor, { ...request, ...changes });
  async function claim(changes: Partial<typeof request> = {}): Promise<Claim> {
    const claimed = await ask(changes);
    if ('reply' in claimed) throw new Error('it was answered before');
    return claimed.claim;
  }
  /** What a process that ends leaves behind: a lease that nobody extends. */
  async function abandon(): Promise<Claim> {
    const abandoned = await claim();
    vi.clearAllTimers();
    return abandoned;
  }
  /** So much time, with the timers that there are, each with the time its query takes. */
  async function pass(ms: number): Promise<void> {
    if (vi.getTimerCount() === 0) return void vi.setSystemTime(Date.now() + ms);
    for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setImmediate(resolve))) vi.advanceTimersByTime(Math.min(1_000, end - Date.now()));
  }

  test('is claimed once, and then answers what was answered', async () => {
    await (await claim()).settle(reply);
    expect(await ask()).toEqual({ reply });
    expect(await ask()).toEqual({ reply });
  });

  test('keeps its reply also where the database is away for a moment', async () => {
    const working = await claim();
    await ctx.db.client.execute(`create trigger away before update on idempotency_keys begin select raise(abort, 'database is away'); end`);
    const settled = working.settle(reply);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await ctx.db.client.execute('drop trigger away');
    await settled;
    expect(await ask()).toEqual({ reply });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of twenty that come at once one gets it', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => ask()));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = asked.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals).toEqual(Array.from({ length: 19 }, () => expect.objectContaining({ code: 'idempotency_key_in_use', retryAfter: 2 })));
  });

  test('is refused for another request, whether it was answered or not', async () => {
    const first = await claim();
    await expect(ask({ fingerprint: 'f2' })).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await first.settle(reply);
    await expect(ask({ fingerprint: 'f2' })).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    expect(await ask()).toEqual({ reply });
  });

  test('is everybody’s own', async () => {
    await (await claim()).settle(reply);
    const user = await createUser(ctx, { email: 'bob@example.com', password: 'correct horse battery', role: 'member', grants: [] });
    expect(await claimKey(ctx, { ...actor, user }, request)).toHaveProperty('claim');
  });

  test('is free again when nothing was done', async () => {
    await (await claim()).release();
    expect(await rows()).toEqual([]);
    await (await claim({ fingerprint: 'f2' })).settle(reply);
  });

  test('stays with whoever works on it, for as long as that takes', async () => {
    const working = await claim();
    await pass(5 * 60_000);
    await expect(ask()).rejects.toMatchObject({ code: 'idempotency_key_in_use' });
    await working.settle(reply);
    expect(await ask()).toEqual({ reply });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of a process that has ended is free 30 seconds later, and not before', async () => {
    await abandon();
    await pass(29_999);
    await expect(ask()).rejects.toMatchObject({ code: 'idempotency_key_in_use' });
    await pass(1);
    const again = await Promise.allSettled(Array.from({ length: 10 }, () => ask()));
    expect(again.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('is free at once where it is known that the process has ended', async () => {
    await abandon();
    await (await claim({ key: 'key-2' })).settle(reply);
    await endLeases(ctx.db);
    expect(await ask()).toHaveProperty('claim');
    expect(await ask({ key: 'key-2' })).toEqual({ reply });
  });

  test('is not written by an attempt that was given up: what the next one answers stands', async () => {
    const late = await abandon();
    await pass(30_000);
    const next = await claim();
    await late.settle({ ...reply, status: 500 });
    await late.release();
    await next.settle(reply);
    await late.settle({ ...reply, status: 500 });
    await late.release();
    expect(await ask()).toEqual({ reply });
  });

  test('gives the same ids to every attempt, and others to other keys and kinds', async () => {
    const first = await abandon();
    await pass(30_000);
    const second = await claim();
    const other = await claim({ key: 'key-2' });
    const id = first.fixedId('deployment');
    expect(isId('deployment', id)).toBe(true);
    expect([first.fixedId('deployment'), second.fixedId('deployment')]).toEqual([id, id]);
    expect(new Set([id, first.fixedId('app'), other.fixedId('deployment')].map((made) => made.slice(4))).size).toBe(3);
  });

  test('is kept for a day, pruned then, and good for something else', async () => {
    await (await claim()).settle(reply);
    await pass(24 * hours - 1);
    await sweep(ctx);
    expect(await ask()).toEqual({ reply });
    await pass(1);
    // Also before the sweep has come by.
    await (await claim({ fingerprint: 'f2' })).settle({ ...reply, status: 200 });
    expect(await ask({ fingerprint: 'f2' })).toEqual({ reply: { ...reply, status: 200 } });
    await pass(24 * hours);
    await sweep(ctx);
    expect(await rows()).toEqual([]);
  });

  test('that is being worked on is not pruned, however old', async () => {
    const working = await claim();
    await ctx.db.orm.update(idempotencyKeys).set({ createdAt: Date.now() - 25 * hours });
    await sweep(ctx);
    await expect(ask()).rejects.toMatchObject({ code: 'idempotency_key_in_use' });
    await working.settle(reply);
    expect(await rows()).toMatchObject([{ reply: expect.stringMatching(/^v1\./) }]);
  });

  test('SEC-12 holds neither itself nor a reply in the clear', async () => {
    await (await claim({ key: 'planted-key' })).settle(reply);
    const [row] = await rows();
    expect(row?.reply).toMatch(/^v1\./);
    expect(JSON.stringify(row)).not.toMatch(/planted|201|made/);
  });

  test('SEC-12 a reply that is moved to another key does not open', async () => {
    await (await claim()).settle(reply);
    await (await claim({ key: 'key-2' })).settle(reply);
    const [first] = await rows();
    await ctx.db.orm.update(idempotencyKeys).set({ reply: first?.reply ?? '' });
    const outcomes = await Promise.allSettled([ask(), ask({ key: 'key-2' })]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('keeps no body of more than 256 Ki characters, but that there was one', async () => {
    const long = { ...reply, body: 'x'.repeat(256 * 1024) };
    await (await claim()).settle(long);
    expect(await ask()).toEqual({ reply: long });
    await (await claim({ key: 'key-2' })).settle({ ...reply, body: `${long.body}x` });
    expect(await ask({ key: 'key-2' })).toEqual({ reply: { ...reply, body: null } });
  });

  test('goes with its user', async () => {
    const user = await createUser(ctx, { email: 'bob@example.com', password: 'correct horse battery', role: 'member', grants: [] });
    const claimed = await claimKey(ctx, { ...actor, user }, request);
    if ('claim' in claimed) await claimed.claim.settle(reply);
    expect(await rows()).toHaveLength(1);
    await removeUser(ctx, user.id);
    expect(await rows()).toEqual([]);
  });

  test('does not take the reply away when it cannot be noted: that is logged', async () => {
    const logged: string[] = [];
    const broken: Context = { ...ctx, vault: { ...ctx.vault, seal: () => Promise.reject(new Error('no key')) }, log: { ...ctx.log, error: (message) => logged.push(message) } };
    const claimed = await claimKey(broken, actor, request);
    if ('claim' in claimed) await claimed.claim.settle(reply);
    expect(logged).toEqual(['keep reply of idempotency key']);
  });
});

test.each([
  ['a refusal', new AppError('slug_taken'), false],
  ['a host that was not asked', new AppError('executor_offline'), false],
  ['a full disk', new AppError('insufficient_storage'), false],
  ['an executor that fell silent', new AppError('executor_lost'), true],
  ['an engine that refused in the middle', new AppError('engine_error'), true],
  ['a command that ran too long', new AppError('deadline_exceeded'), true],
  ['whatever broke here', new AppError('internal_error'), true],
  ['a deployment that was made and failed', new AppError('image_not_found', { extra: { deployment: {} } }), true],
  ['an image that was refused before', new AppError('image_not_found'), false],
])('%s: something may have been done is %s', (_what, error, expected) => {
  expect(mayHaveActed(error)).toBe(expected);
});
