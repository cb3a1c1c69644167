import { beforeEach, describe, expect, it } from 'vitest';
import { Lag } from './lag.ts';

describe('a reading of a log', () => {
  let lag: Lag;

  beforeEach(() => {
    lag = new Lag();
    lag.begin();
  });

  it('that falls behind leaves lines out until it has caught up', () => {
    const states = [1, 1_900, 2_100, 900, 550, 490].map((late, index) => [lag.note(late, index * 100), lag.isSkimming]);
    expect(states).toEqual([[false, false], [false, false], [false, true], [false, true], [false, true], [false, false]]);
  });

  it('that was on time and falls far behind has to begin anew', () => {
    expect(lag.note(1, 0)).toBe(false);
    expect(lag.note(3_001, 10)).toBe(true);
  });

  it('that begins far behind gets its time to catch up, from its first line on', () => {
    lag.note(1, 0);
    lag.begin();
    expect(lag.note(9_000, 60_000)).toBe(false);
    expect(lag.isSkimming).toBe(true);
    expect(lag.note(8_000, 64_900)).toBe(false);
    expect(lag.note(8_000, 65_100)).toBe(true);
  });

  it('tells the last line of each handful, and how many were left out before it', () => {
    for (const text of ['one', 'two', 'three']) lag.skip(() => text);
    expect(lag.isEmpty).toBe(false);
    expect([lag.takeSkipped(), lag.takeSkipped()]).toEqual([{ count: 2, last: 'three' }, { count: 0, last: null }]);
    expect(lag.isEmpty).toBe(true);
  });

  it('leaves nothing out when it is over', () => {
    lag.note(2_500, 0);
    expect(lag.isSkimming).toBe(true);
    lag.end();
    expect(lag.isSkimming).toBe(false);
  });
});
