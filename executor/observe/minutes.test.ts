import { describe, expect, it } from 'vitest';
import { Minutes, type Look } from './minutes.ts';

const minute = 29_656_560;
const at = (seconds: number) => minute * 60_000 + seconds * 1000;
const look = (change: Partial<Look> = {}): Look => ({ app: 'app_1', at: at(0), cpu: 0, memory: 0, network: [0, 0], block: [0, 0], ...change });

describe('what apps use, by the minute', () => {
  it('is the average and the maximum of the looks, and the sum of what moved', () => {
    const minutes = new Minutes();
    minutes.add(look({ at: at(5), cpu: 10, memory: 64, network: [100, 10], block: [4096, 0] }));
    minutes.add(look({ at: at(15), cpu: 31, memory: 65, network: [50, 5] }));
    minutes.add(look({ at: at(25), cpu: 9, memory: 60, block: [0, 512] }));
    expect(minutes.takeOver(at(60))).toEqual([
      { kind: 'usage', minute, apps: [{ app: 'app_1', cpu: [16.7, 31], memory: [63, 65], network: [150, 15], block: [4096, 512] }] },
    ]);
  });

  it('keeps apps apart', () => {
    const minutes = new Minutes();
    minutes.add(look({ app: 'app_1', cpu: 1 }));
    minutes.add(look({ app: 'app_2', cpu: 2 }));
    expect(minutes.takeOver(at(60))[0]?.apps.map(({ app, cpu }) => [app, cpu[1]])).toEqual([['app_1', 1], ['app_2', 2]]);
  });

  it('is told once the minute is over, and only once', () => {
    const minutes = new Minutes();
    minutes.add(look({ at: at(59) }));
    expect(minutes.takeOver(at(59.9))).toEqual([]);
    expect(minutes.takeOver(at(60))).toHaveLength(1);
    expect(minutes.takeOver(at(61))).toEqual([]);
  });

  it('is not told of minutes in which nobody looked', () => {
    const minutes = new Minutes();
    minutes.add(look({ at: at(130) }));
    minutes.add(look({ at: at(10) }));
    expect(minutes.takeOver(at(300)).map((event) => event.minute - minute)).toEqual([0, 2]);
  });
});
