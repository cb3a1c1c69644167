import { drizzle } from 'drizzle-orm/libsql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { sessions, users } from '../store/schema.ts';
import { logIn, identify } from './auth.ts';
import { changePassword } from './own-password.ts';
import { endOtherSessions, endSession, openSession, readSessions } from './sessions.ts';
import { sweep } from './sweep.ts';

const email = 'admin@example.com';
const password = 'correct horse battery';

let now: number;
let opened: TestContext;
beforeEach(async () => {
  now = Date.UTC(2026, 0);
  opened = await openTestContext(() => now);
});
afterEach(() => opened.close());

const enter = (userAgent?: string) => logIn(opened.ctx, { email, password }, { network: '192.0.2.7', userAgent });
const read = async () => (await readSessions(opened.ctx, opened.actor, { limit: 50 })).data;
const refusal = (work: Promise<unknown>) => work.then(() => 'none', ({ code }: { code: string }) => code);

describe('a session', () => {
  test('begins whatever a client calls itself, and has the beginning of that', async () => {
    await enter(`${'x'.repeat(199)}💥`);
    expect((await read()).at(-1)?.userAgent).toBe('x'.repeat(199));
  });

  test('SEC-16 is read with its user in one statement, and nothing is written', async () => {
    const { ctx, actor } = opened;
    const { token } = await enter();
    const asked: string[] = [];
    const client = new Proxy(ctx.db.client, {
      get: (target, name, receiver) => {
        if (['execute', 'batch', 'transaction', 'executeMultiple'].includes(String(name))) asked.push(String(name));
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    const counted = { ...ctx, db: { client, orm: drizzle(client, { casing: 'snake_case' }) } };
    expect(await identify(counted, token)).toMatchObject({ user: { id: actor.user.id }, via: 'session', tokenId: expect.stringMatching(/^ses_/) });
    expect(asked).toEqual(['execute']);
  });

  test('that is ended is no token from the next call on', async () => {
    const { ctx } = opened;
    const { token } = await enter();
    const actor = await identify(ctx, token);
    await endSession(ctx, actor, actor.tokenId);
    await expect(identify(ctx, token)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('of somebody else cannot be ended, nor told from one that is not there', async () => {
    const { ctx, actor } = opened;
    const { token } = await enter();
    const other = await identify(ctx, token);
    const stranger = { ...actor, user: { ...actor.user, id: 'usr_stranger' } };
    for (const id of [other.tokenId, 'ses_nowhere']) expect(await refusal(endSession(ctx, stranger, id))).toBe('session_not_found');
    await endOtherSessions(ctx, stranger);
    await expect(identify(ctx, token)).resolves.toMatchObject({ via: 'session' });
  });

  test('tells when it was last used, to the minute, which no call waits for', async () => {
    const { ctx } = opened;
    const { token } = await enter();
    const written = async () => (await read()).at(-1)?.lastUsedAt;
    const began = now;
    now += 5_000;
    await identify(ctx, token);
    expect(await written()).toBe(began);
    now += 60_000;
    await identify(ctx, token);
    await expect.poll(written).toBe(now);
  });

  test('keeps of what a program calls itself what is fit to be shown', async () => {
    await enter('  curl/8.14.1\u001b[31m\u0000 ');
    await enter('x'.repeat(5_000));
    await enter(' ');
    await enter(undefined);
    expect((await read()).slice(-4).map(({ userAgent }) => userAgent)).toEqual(['curl/8.14.1 [31m', 'x'.repeat(200), null, null]);
  });

  test('is gone from the list when its time is over, and then from the database', async () => {
    const { ctx } = opened;
    const { expiresAt } = await enter();
    expect(await read()).toHaveLength(2);
    now = expiresAt - 1;
    await sweep(ctx);
    expect(await ctx.db.orm.select().from(sessions)).toHaveLength(2);
    now = expiresAt;
    expect(await read()).toEqual([]);
    await sweep(ctx);
    expect(await ctx.db.orm.select().from(sessions)).toEqual([]);
  });
});

describe('a changed password', () => {
  const change = (current = password) => changePassword(opened.ctx, opened.actor, { current_password: current, new_password: 'another horse battery', network: '192.0.2.7' });

  test('ends every session but the one that changed it', async () => {
    const { ctx, actor } = opened;
    const { token } = await enter();
    await change();
    expect((await read()).map(({ id }) => id)).toEqual([actor.tokenId]);
    await expect(identify(ctx, token)).rejects.toMatchObject({ code: 'invalid_token' });
    expect(await refusal(enter())).toBe('invalid_credentials');
  });

  test('SEC-22 takes the current one, which counts as an attempt to log in', async () => {
    const codes: string[] = [];
    for (let i = 0; i < 6; i++) codes.push(await refusal(change('wrong')));
    expect(codes).toEqual([...Array.from({ length: 5 }, () => 'password_wrong'), 'too_many_attempts']);
    expect([await refusal(change()), await refusal(enter())]).toEqual(['too_many_attempts', 'too_many_attempts']);
    now += 60_000;
    expect([await refusal(enter()), await refusal(change())]).toEqual(['none', 'none']);
  });

  test('of two at the same moment one counts, and ends the sessions of the other', async () => {
    const { ctx, actor } = opened;
    const other = await identify(ctx, (await enter()).token);
    const outcomes = await Promise.all([actor, other].map((each) => refusal(changePassword(ctx, each, { current_password: password, new_password: `of ${each.tokenId}`, network: '192.0.2.7' }))));
    expect(outcomes.toSorted()).toEqual(['concurrent_change', 'none']);
    const winner = outcomes[0] === 'none' ? actor : other;
    expect((await ctx.db.orm.select().from(sessions)).map(({ id }) => id)).toEqual([winner.tokenId]);
  });

  test('leaves no session to a login that had seen the old one', async () => {
    const { ctx, actor } = opened;
    const before = actor.user;
    await change();
    expect(await refusal(openSession(ctx, before, { how: 'password', userAgent: undefined }))).toBe('invalid_credentials');
    expect(await read()).toHaveLength(1);
  });
});

test('nobody is logged in without the second factor who was asked for the password before there was one', async () => {
  const { ctx, actor } = opened;
  await ctx.db.orm.update(users).set({ hasSecondFactor: true });
  expect(await refusal(openSession(ctx, actor.user, { how: 'password', userAgent: undefined }))).toBe('invalid_credentials');
});
