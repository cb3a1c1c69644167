import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { secondFactors } from '../store/schema.ts';
import { findUser } from '../store/users.ts';
import type { Actor } from './actor.ts';
import { logIn } from './auth.ts';
import { perAccount, perNetwork, perSecondFactor } from './login-attempts.ts';
import { beginSecondFactor, renewRecoveryCodes, switchOffSecondFactor, switchOnSecondFactor, takeSecondFactorFrom } from './second-factor.ts';

const email = 'admin@example.com';
const password = 'correct horse battery';
const network = '192.0.2.7';

let now: number;
let opened: TestContext;
beforeEach(async () => {
  now = Date.UTC(2026, 0);
  opened = await openTestContext(() => now);
});
afterEach(() => opened.close());

const refusal = (work: Promise<unknown>) => work.then(() => 'none', ({ code }: { code: string }) => code);
const attempt = (code?: string, given = password, from = network) => logIn(opened.ctx, { email, password: given, ...(code !== undefined && { code }) }, { network: from, userAgent: undefined });
const read = async () => opened.ctx.db.orm.select().from(secondFactors).get();
const codeAt = (secret: string, at = now) => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at });
/** A code that nobody was given. */
const wrong = 'aaaa-aaaa-aaaa-aaaa';
const times = (count: number, code: string) => Array.from({ length: count }, () => code);

async function switchOn(): Promise<{ secret: string; recovery: string[]; actor: Actor }> {
  const { ctx, actor } = opened;
  const { secret } = await beginSecondFactor(ctx, actor, { password, network });
  const recovery = await switchOnSecondFactor(ctx, actor, codeAt(secret));
  now += 60_000;
  return { secret, recovery, actor: { ...actor, user: (await findUser(ctx.db, actor.user.id)) ?? actor.user } };
}

describe('a second factor', () => {
  test('counts from its first code on, and the last secret that was given out is the one', async () => {
    const { ctx, actor } = opened;
    const first = await beginSecondFactor(ctx, actor, { password, network });
    const { secret } = await beginSecondFactor(ctx, actor, { password, network });
    await expect(attempt()).resolves.toMatchObject({ user: { hasSecondFactor: false } });
    expect(await refusal(switchOnSecondFactor(ctx, actor, codeAt(first.secret)))).toBe('code_wrong');
    await expect(attempt()).resolves.toBeDefined();
    expect(await switchOnSecondFactor(ctx, actor, codeAt(secret))).toHaveLength(10);
    expect(await refusal(attempt())).toBe('second_factor_required');
    expect(await findUser(ctx.db, actor.user.id)).toMatchObject({ hasSecondFactor: true });
  });

  test('that is on is not begun or confirmed again, and one that was not begun not confirmed', async () => {
    const { ctx, actor } = opened;
    expect(await refusal(switchOnSecondFactor(ctx, actor, '000000'))).toBe('second_factor_off');
    const { secret } = await switchOn();
    const before = await read();
    expect(await refusal(beginSecondFactor(ctx, actor, { password, network }))).toBe('second_factor_on');
    expect(await refusal(switchOnSecondFactor(ctx, actor, codeAt(secret)))).toBe('second_factor_on');
    expect(await read()).toEqual(before);
  });

  test('confirmed twice in the same moment gives recovery codes once', async () => {
    const { ctx, actor } = opened;
    const { secret } = await beginSecondFactor(ctx, actor, { password, network });
    const confirm = () => switchOnSecondFactor(ctx, actor, codeAt(secret));
    const outcomes = await Promise.allSettled([confirm(), confirm()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('SEC-22 a code opens one session: neither it nor one before it a second time', async () => {
    const { secret } = await switchOn();
    const [code, earlier] = [codeAt(secret), codeAt(secret, now - 30_000)];
    await attempt(code);
    expect([await refusal(attempt(code)), await refusal(attempt(earlier))]).toEqual(times(2, 'second_factor_wrong'));
    now += 30_000;
    await expect(attempt(codeAt(secret))).resolves.toBeDefined();
  });

  test('SEC-22 the code that switched it on opens nothing', async () => {
    const { secret } = await switchOn();
    expect(await refusal(attempt(codeAt(secret, now - 60_000)))).toBe('second_factor_wrong');
  });

  test('SEC-22 of those who bring one code at once one gets in', async () => {
    const { secret, recovery: [lost = ''] } = await switchOn();
    for (const code of [codeAt(secret), lost]) {
      const outcomes = await Promise.all([1, 2, 3].map((host) => refusal(attempt(code, password, `198.51.100.${host}`))));
      expect(outcomes.toSorted()).toEqual(['none', ...times(2, 'second_factor_wrong')]);
    }
  });

  test('SEC-22 a recovery code stands in for one once, and says so', async () => {
    const { ctx } = opened;
    const { recovery: [one = '', two = ''] } = await switchOn();
    await attempt(one.toUpperCase());
    expect(await refusal(attempt(one))).toBe('second_factor_wrong');
    expect((await read())?.recoveryHashes).toHaveLength(9);
    await attempt(two);
    const { rows } = await ctx.db.client.execute("select how from sessions where how <> 'password'");
    expect(rows.map((row) => row[0])).toEqual(times(2, 'password+recovery_code'));
  });
});

describe('SEC-22 guessing codes', () => {
  test('is for those who know the password, who are told that it is right by nothing else', async () => {
    const { secret } = await switchOn();
    expect(await refusal(attempt(codeAt(secret), 'wrong'))).toBe('invalid_credentials');
    // Nor is the code used up by it.
    await expect(attempt(codeAt(secret))).resolves.toBeDefined();
  });

  test('counts like guessing passwords, and the right password alone neither counts nor makes room', async () => {
    await switchOn();
    for (let i = 0; i < perAccount; i++) {
      expect([await refusal(attempt()), await refusal(attempt())]).toEqual(times(2, 'second_factor_required'));
      expect(await refusal(attempt(wrong))).toBe('second_factor_wrong');
    }
    expect(await refusal(attempt())).toBe('too_many_attempts');
  });

  test('costs those who do not guess nothing: a login in two steps is no attempt that failed', async () => {
    const { secret } = await switchOn();
    for (let i = 0; i < perNetwork + 1; i++) expect(await refusal(attempt())).toBe('second_factor_required');
    await expect(attempt(codeAt(secret))).resolves.toBeDefined();
  });

  test('ends after ten of an hour, from wherever they come; then not even the right one is looked at', async () => {
    const { secret, recovery: [lost = ''] } = await switchOn();
    const codes: string[] = [];
    for (let i = 0; i < perSecondFactor; i++) codes.push(await refusal(attempt(wrong, password, `198.51.100.${i}`)));
    expect(codes).toEqual(times(perSecondFactor, 'second_factor_wrong'));
    const before = await read();
    expect([await refusal(attempt(codeAt(secret), password, '203.0.113.1')), await refusal(attempt(lost, password, '203.0.113.2'))]).toEqual(times(2, 'too_many_attempts'));
    expect(await read()).toEqual(before);
    now += 3_600_000;
    await expect(attempt(codeAt(secret))).resolves.toBeDefined();
    // What went before is forgiven.
    now += 30_000;
    for (let i = 0; i < perSecondFactor; i++) expect(await refusal(attempt(wrong, password, `198.51.100.${i}`))).toBe('second_factor_wrong');
  });
});

describe('taking it off', () => {
  test('takes the password and a code, of either kind', async () => {
    const { ctx } = opened;
    const { secret, recovery: [lost = ''], actor } = await switchOn();
    const off = (given: string, code: string) => refusal(switchOffSecondFactor(ctx, actor, { current_password: given, code, network }));
    const before = await read();
    expect([await off('wrong', lost), await off(password, wrong)]).toEqual(['password_wrong', 'code_wrong']);
    expect(await read()).toEqual(before);
    expect(await off(password, lost)).toBe('none');
    expect([await read(), (await findUser(ctx.db, actor.user.id))?.hasSecondFactor]).toEqual([undefined, false]);
    await expect(attempt()).resolves.toBeDefined();
    expect(await refusal(switchOffSecondFactor(ctx, opened.actor, { current_password: password, code: codeAt(secret), network }))).toBe('second_factor_off');
  });

  test('is done by an administrator without either, from those who have one', async () => {
    const { ctx } = opened;
    const { actor } = await switchOn();
    expect(await refusal(takeSecondFactorFrom(ctx, actor, 'usr_nobody'))).toBe('user_not_found');
    await takeSecondFactorFrom(ctx, actor, actor.user.id);
    expect(await refusal(takeSecondFactorFrom(ctx, actor, actor.user.id))).toBe('second_factor_off');
    await expect(attempt()).resolves.toBeDefined();
  });

  test('ends one that was only begun as well', async () => {
    const { ctx, actor } = opened;
    await beginSecondFactor(ctx, actor, { password, network });
    expect(await refusal(takeSecondFactorFrom(ctx, actor, actor.user.id))).toBe('second_factor_off');
    expect(await read()).toBeUndefined();
  });
});

test('new recovery codes take the place of those before', async () => {
  const { ctx } = opened;
  const { secret, recovery: [old = ''], actor } = await switchOn();
  const both = { current_password: password, network };
  expect(await refusal(renewRecoveryCodes(ctx, opened.actor, { ...both, code: codeAt(secret) }))).toBe('second_factor_off');
  const [fresh = ''] = await renewRecoveryCodes(ctx, actor, { ...both, code: codeAt(secret) });
  expect(await refusal(attempt(old))).toBe('second_factor_wrong');
  await expect(attempt(fresh)).resolves.toBeDefined();
});

test('what was done to rights and secrets is audited, by whom and to whom', async () => {
  const { ctx } = opened;
  const { recovery: [lost = ''], actor } = await switchOn();
  await renewRecoveryCodes(ctx, actor, { current_password: password, code: lost, network });
  await takeSecondFactorFrom(ctx, actor, actor.user.id);
  const { rows } = await ctx.db.client.execute("select action, actor, target from audit_entries where action like '%second_factor%' or action like 'recovery%' order by id");
  const { id } = actor.user;
  expect(rows.map((row) => [row[0], row[1], row[2]])).toEqual(['second_factor.on', 'recovery_code.use', 'recovery_codes.new', 'second_factor.reset'].map((action) => [action, id, id]));
});
