import { beforeEach, describe, expect, it } from 'vitest';
import { Lag } from './lag.ts';

const start = Date.parse('2026-11-28T00:00:00Z');
/** How a line's time is written that was written so many ms after the start. */
const at = (ms: number) => new Date(start + ms).toISOString().replace('Z', '000000Z');

describe('a reading of a log', () => {
  let lag: Lag;
  /** A line that was written at one moment comes at another; what it is told by. */
  const come = (written: number, now: number) => lag.note(at(written), start + now);

  beforeEach(() => {
    lag = new Lag();
    lag.begin(start);
  });

  it('that falls behind leaves lines out until it has caught up', () => {
    const states = [[0, 1], [100, 2_000], [200, 2_300], [1_500, 2_400], [2_000, 2_550], [2_100, 2_590]].map(([written = 0, now = 0]) => [come(written, now), lag.isSkimming]);
    expect(states).toEqual([[false, false], [false, false], [false, true], [false, true], [false, true], [false, false]]);
  });

  it('that was on time and falls far behind has to begin anew', () => {
    expect(come(0, 1)).toBe(false);
    expect(come(10, 3_012)).toBe(true);
  });

  it('that begins far behind gets its time to catch up', () => {
    come(0, 1);
    lag.begin(start + 10_000);
    expect(come(1_000, 14_900)).toBe(false);
    expect(lag.isSkimming).toBe(true);
    expect(come(2_000, 15_100)).toBe(true);
  });

  it('is not behind because the clock of the engine is', () => {
    for (let now = 0; now < 20_000; now += 100) expect([come(now - 60_000, now), lag.isSkimming]).toEqual([false, false]);
  });

  it('tells the last line of each handful, and how many were left out before it', () => {
    for (const text of ['one', 'two', 'three']) lag.skip(() => text);
    expect([lag.takeSkipped(), lag.takeSkipped()]).toEqual([{ count: 2, last: 'three' }, { count: 0, last: null }]);
  });

  it('leaves nothing out when it is over', () => {
    come(0, 1);
    come(10, 2_500);
    expect(lag.isSkimming).toBe(true);
    lag.end();
    expect(lag.isSkimming).toBe(false);
  });
});
