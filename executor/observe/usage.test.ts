import { describe, expect, it } from 'vitest';
import { readableStats, toUsage, type Stats } from './usage.ts';

const megabyte = 1024 * 1024;

function stats(change: { cpu?: number; before?: number; memory?: Stats['memory_stats']; preread?: string } = {}): Stats {
  return {
    read: '2026-11-22T18:50:31.000Z',
    preread: change.preread ?? '2026-11-22T18:50:30.000Z',
    cpu_stats: { cpu_usage: { total_usage: change.cpu ?? 2e9 } },
    precpu_stats: { cpu_usage: { total_usage: change.before ?? 1.5e9 } },
    memory_stats: change.memory ?? { usage: 50 * megabyte, stats: {} },
  };
}

describe('what an app uses', () => {
  it('is percent of one core against the report before', () => {
    expect(toUsage(stats(), { at: Date.parse('2026-11-22T18:50:01.000Z'), cpu: 0.5e9 }).cpu).toBe(5);
    expect(toUsage(stats({ cpu: 60.5e9 }), { at: Date.parse('2026-11-22T18:50:01.000Z'), cpu: 0.5e9 }).cpu).toBe(200);
  });

  it('is percent over the second that the engine measured when there is none', () => {
    expect(toUsage(stats()).cpu).toBe(50);
  });

  it('is nothing for a container whose counters began again, or that has no time behind it', () => {
    expect(toUsage(stats({ cpu: 0 }), { at: 1, cpu: 5e9 }).cpu).toBe(0);
    expect(toUsage(stats({ preread: '0001-01-01T00:00:00Z' })).cpu).toBe(0);
  });

  it.each<[string, Stats['memory_stats'], number]>([
    ['cgroup v1', { usage: 50 * megabyte, stats: { total_inactive_file: 20 * megabyte, inactive_file: 1 } }, 30],
    ['cgroup v2', { usage: 50 * megabyte, stats: { inactive_file: 10 * megabyte } }, 40],
    ['a stopped container', {}, 0],
  ])('leaves the page cache out of memory on %s', (_name, memory, expected) => {
    expect(toUsage(stats({ memory })).memory).toBe(expected);
  });

  it('is not read from what a container leaves behind that has just ended', () => {
    expect(readableStats({ read: '0001-01-01T00:00:00Z', preread: '0001-01-01T00:00:00Z', cpu_stats: {}, precpu_stats: {}, memory_stats: {} })).toBeNull();
    expect(readableStats({ ...stats(), networks: {} })).toEqual(stats());
  });
});
