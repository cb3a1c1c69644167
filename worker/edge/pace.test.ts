import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../../shared/protocol/limits.ts';
import { Pace } from './pace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a little is taken at once, and no timer keeps the object awake', () => {
  const pace = new Pace();
  const taken = vi.fn<() => void>();
  for (let i = 0; i < 10; i++) pace.count(1_000, taken);
  expect(taken).toHaveBeenCalledTimes(10);
  expect(vi.getTimerCount()).toBe(0);
});

test('a flood is taken at the rate, and not faster', () => {
  const pace = new Pace();
  let taken = 0;
  const block = 64 * 1024;
  for (let i = 0; i < 64; i++) pace.count(block, () => (taken += block));
  expect(taken).toBeLessThanOrEqual(limits.blindRate / 4);
  vi.advanceTimersByTime(1_000);
  expect(taken).toBeGreaterThan(limits.blindRate * 0.9);
  expect(taken).toBeLessThanOrEqual(limits.blindRate * 1.3);
  vi.advanceTimersByTime(10_000);
  expect(taken).toBe(64 * block);
  expect(vi.getTimerCount()).toBe(0);
});
