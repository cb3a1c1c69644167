import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { loginAttempts } from '../store/schema.ts';
import { logIn } from './auth.ts';
import type { Context } from './context.ts';
import { perAccount, perNetwork } from './login-attempts.ts';
import { sweep } from './sweep.ts';

const email = 'admin@example.com';
const password = 'correct horse battery';

describe('SEC-22 attempts to log in', () => {
  let now: number;
  let opened: TestContext;
  let ctx: Context;
  /** What was verified, against a hash or against none. */
  let verified: string[];
  beforeEach(async () => {
    now = Date.UTC(2026, 0);
    opened = await openTestContext(() => now);
    verified = [];
    const verify: Context['passwords']['verify'] = async (given, hash) => {
      verified.push(hash === undefined ? 'nothing' : 'hash');
      return hash !== undefined && given === password;
    };
    ctx = { ...opened.ctx, passwords: { ...opened.ctx.passwords, verify } };
  });
  afterEach(() => opened.close());

  const attempt = (changes: { email?: string; password?: string } = {}, network = '192.0.2.7') => logIn(ctx, { email, password: 'wrong', ...changes }, { network, userAgent: undefined });
  /** The codes of so many attempts, one after the other. */
  async function codesOf(count: number, ...given: Parameters<typeof attempt>): Promise<string[]> {
    const codes: string[] = [];
    for (let i = 0; i < count; i++) codes.push(await attempt(...given).then(() => 'right', (error: { code: string }) => error.code));
    return codes;
  }
  const times = (count: number, code: string) => Array.from({ length: count }, () => code);

  test('five may fail in a minute; then not even the right password is looked at, until the minute is over', async () => {
    expect(await codesOf(perAccount)).toEqual(times(5, 'invalid_credentials'));
    now += 59_000;
    await expect(attempt({ password })).rejects.toMatchObject({ code: 'too_many_attempts', retryAfter: 1 });
    expect(verified).toEqual(times(5, 'hash'));
    now += 1_000;
    expect(await attempt({ password })).toMatchObject({ user: { email } });
  });

  test('attempts that are refused do not put the end off', async () => {
    await codesOf(perAccount);
    for (let second = 0; second < 60; second++) {
      expect(await codesOf(1)).toEqual(['too_many_attempts']);
      now += 1_000;
    }
    expect(await codesOf(1)).toEqual(['invalid_credentials']);
  });

  test('an unknown account is treated as a known one: counted, verified against nothing, refused', async () => {
    const nobody = { email: 'nobody@example.com' };
    expect(await codesOf(perAccount + 1, nobody)).toEqual([...times(5, 'invalid_credentials'), 'too_many_attempts']);
    expect(verified).toEqual(times(5, 'nothing'));
  });

  test('those that come at once are all counted', async () => {
    const codes = await Promise.all(Array.from({ length: 20 }, () => codesOf(1)));
    expect(codes.flat().filter((code) => code === 'invalid_credentials')).toHaveLength(5);
  });

  test('capitals make no other account', async () => {
    await codesOf(perAccount, { email: email.toUpperCase() });
    expect(await codesOf(1)).toEqual(['too_many_attempts']);
  });

  test('the right password, once it was looked at, forgives what went before', async () => {
    for (let round = 0; round < 4; round++) {
      expect(await codesOf(perAccount - 1)).toEqual(times(4, 'invalid_credentials'));
      expect(await codesOf(1, { password })).toEqual(['right']);
    }
    // Twenty failures and four of their forgiven successes later the network has ten left.
    expect(await codesOf(40, { password })).toEqual(times(40, 'right'));
  });

  test('one network may try thirty passwords, however many accounts it has in mind', async () => {
    const codes: string[] = [];
    for (let i = 0; i < perNetwork + 5; i++) codes.push(...(await codesOf(1, { email: `user-${i}@example.com` })));
    expect(codes).toEqual([...times(30, 'invalid_credentials'), ...times(5, 'too_many_attempts')]);
    expect(await codesOf(1, { password }, '198.51.100.1')).toEqual(['right']);
  });

  test('whoever hammers at one account uses up the account from there, not the network', async () => {
    await codesOf(100);
    expect(await codesOf(1, { email: 'nobody@example.com' })).toEqual(['invalid_credentials']);
  });

  test('neither e-mail addresses nor networks are kept, and nothing for longer than its minute', async () => {
    await codesOf(2);
    const rows = await ctx.db.orm.select().from(loginAttempts);
    expect(rows).toEqual([{ hash: expect.stringMatching(/^[0-9a-f]{64}$/), count: 2, until: now + 60_000 }, { hash: expect.stringMatching(/^[0-9a-f]{64}$/), count: 2, until: now + 60_000 }]);
    now += 59_999;
    await sweep(ctx);
    expect(await ctx.db.orm.select().from(loginAttempts)).toHaveLength(2);
    now += 1;
    await sweep(ctx);
    expect(await ctx.db.orm.select().from(loginAttempts)).toEqual([]);
  });
});
