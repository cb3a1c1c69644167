import { describe, expect, test } from 'vitest';
import { hashRecoveryCode, newRecoveryCodes, newTotpSecret, readTotpCode, stepOf, toTotpUri } from './totp.ts';

/** RFC 6238, appendix B: the ASCII text 12345678901234567890. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('a code', () => {
  // RFC 6238, appendix B, SHA-1: the last six digits of the eight that are printed there.
  test.each([[59, '287082'], [1_111_111_109, '081804'], [1_111_111_111, '050471'], [1_234_567_890, '005924'], [2_000_000_000, '279037'], [20_000_000_000, '353130']])('at %i s is that of RFC 6238', (seconds, code) => {
    expect(stepOf(secret, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  test('is of its own step also when a clock is a step ahead or behind, and of none beyond that', () => {
    const at = (step: number) => stepOf(secret, '287082', step * 30_000);
    expect([-1, 0, 1, 2, 3].map((step) => at(Math.max(step, 0)))).toEqual([1, 1, 1, 1, null]);
    expect(stepOf(secret, '081804', 1_111_111_109_000 - 60_000)).toBeNull();
  });

  test.each(['', '28708', '2870820', 'abcdef', '287083'])('that is another one is of none: %j', (code) => {
    expect(stepOf(secret, code, 59_000)).toBeNull();
  });

  test('may be typed with spaces; what is no six digits is another kind of code', () => {
    expect(['287 082', ' 287082\n', '287-082'].map(readTotpCode)).toEqual(['287082', '287082', '287082']);
    expect(['', '28708', 'jbsw-y3dp-ehpk-3pxp', '２８７０８２'].map(readTotpCode)).toEqual([null, null, null, null]);
  });
});

test('a secret has 160 bits, each another one', () => {
  const secrets = Array.from({ length: 50 }, newTotpSecret);
  expect(new Set(secrets).size).toBe(50);
  for (const each of secrets) expect(each).toMatch(/^[A-Z2-7]{32}$/);
});

test('the link for authenticators names issuer, account and all parameters, whatever the address is', () => {
  const uri = new URL(toTotpUri(secret, 'a&secret=x?@example.com'));
  expect([uri.protocol, uri.host, decodeURIComponent(uri.pathname)]).toEqual(['otpauth:', 'totp', '/Dockup:a&secret=x?@example.com']);
  expect(Object.fromEntries(uri.searchParams)).toEqual({ issuer: 'Dockup', secret, algorithm: 'SHA1', digits: '6', period: '30' });
});

test('recovery codes: ten of 80 bits, told apart by user, the same however they are typed', () => {
  const codes = newRecoveryCodes();
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) expect(code).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
  const [code = ''] = codes;
  const hash = hashRecoveryCode('usr_1', code);
  expect(hashRecoveryCode('usr_1', ` ${code.toUpperCase().replaceAll('-', ' ')} `)).toBe(hash);
  expect(hashRecoveryCode('usr_2', code)).not.toBe(hash);
});
