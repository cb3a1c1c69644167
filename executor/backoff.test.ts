import { describe, expect, it } from 'vitest';
import { createBackoff } from './backoff.ts';

const longest = () => createBackoff(() => 1);

describe('REL-02 the wait before the next attempt', () => {
  it('doubles from one second to 32', () => {
    const backoff = longest();
    expect(Array.from({ length: 8 }, () => backoff.next('failed', 0))).toEqual([1000, 2000, 4000, 8000, 16000, 32000, 32000, 32000]);
  });

  it('is spread over the whole window', () => {
    const values = [0, 0.25, 0.5, 1];
    const backoff = createBackoff(() => values.shift() ?? 0);
    expect(Array.from({ length: 4 }, () => backoff.next('failed', 0))).toEqual([0, 500, 2000, 8000]);
  });

  it('averages ten seconds or more over 10,000 failures', () => {
    const backoff = createBackoff();
    const total = Array.from({ length: 10_000 }, () => backoff.next('failed', 0)).reduce((sum, wait) => sum + wait, 0);
    expect(total / 10_000).toBeGreaterThan(10_000);
  });

  it.each([
    [59_999, 8_000],
    [60_000, 1_000],
  ])('after %i ms of health is at most %i ms', (healthyFor, expected) => {
    const backoff = longest();
    for (let i = 0; i < 3; i++) backoff.next('failed', 0);
    expect(backoff.next('failed', healthyFor)).toBe(expected);
  });

  it('REL-03 grows to five minutes and more when the control plane refuses', () => {
    const backoff = createBackoff(() => 0);
    const waits = Array.from({ length: 12 }, () => backoff.next('refused', 0));
    expect(waits.slice(0, 3)).toEqual([1000, 2000, 4000]);
    expect(waits.slice(9)).toEqual([300_000, 300_000, 300_000]);
  });
});
