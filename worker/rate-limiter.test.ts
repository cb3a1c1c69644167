import { expect, test } from 'vitest';
import { createRateLimiter } from './rate-limiter.ts';

const start = Date.UTC(2026, 0);

test('a principal has its quota in a minute that begins with its first request', () => {
  const limiter = createRateLimiter(3);
  expect([0, 10_000, 59_999].map((after) => limiter.count('ann', start + after))).toEqual([
    { isExceeded: false, remaining: 2, reset: 60 },
    { isExceeded: false, remaining: 1, reset: 50 },
    { isExceeded: false, remaining: 0, reset: 1 },
  ]);
  expect(limiter.count('ann', start + 59_999)).toEqual({ isExceeded: true, remaining: 0, reset: 1 });
  expect(limiter.count('ann', start + 60_000)).toEqual({ isExceeded: false, remaining: 2, reset: 60 });
});

test('what is refused does not put the end of the window off', () => {
  const limiter = createRateLimiter(1);
  for (let second = 0; second < 60; second++) limiter.count('ann', start + second * 1000);
  expect(limiter.count('ann', start + 60_000).isExceeded).toBe(false);
});

test('nobody is counted for another one', () => {
  const limiter = createRateLimiter(1);
  limiter.count('ann', start);
  expect(limiter.count('ann', start).isExceeded).toBe(true);
  expect(limiter.count('bob', start).isExceeded).toBe(false);
});

test('a clock that was set back by a day locks nobody out for a day', () => {
  const limiter = createRateLimiter(1);
  for (let i = 0; i < 5; i++) limiter.count('ann', start);
  expect(limiter.count('ann', start - 86_400_000)).toEqual({ isExceeded: false, remaining: 0, reset: 60 });
});

test('200,000 addresses do not fill the memory: windows of those that came first are forgotten, those of others are not', () => {
  const limiter = createRateLimiter(1);
  for (let i = 0; i < 200_000; i++) {
    limiter.count(`address:${i}`, start);
    // Whoever keeps coming is never forgotten.
    if (i % 5_000 === 0) limiter.count('ann', start);
  }
  const isKept = (principal: string) => limiter.count(principal, start).isExceeded;
  expect(['address:199999', 'address:195000', 'ann'].map(isKept)).toEqual([true, true, true]);
  expect(['address:0', 'address:179000'].map(isKept)).toEqual([false, false]);
});
