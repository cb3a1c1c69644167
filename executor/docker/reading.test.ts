import { describe, expect, it } from 'vitest';
import { cpuPercent, growth, toReading, toSample } from './reading.ts';

const megabyte = 1024 * 1024;
const at = Date.parse('2026-11-22T18:50:31.000Z');

function reply(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    read: '2026-11-22T18:50:31.000Z',
    preread: '2026-11-22T18:50:30.000Z',
    cpu_stats: { cpu_usage: { total_usage: 2e9 } },
    precpu_stats: { cpu_usage: { total_usage: 1.5e9 } },
    memory_stats: { usage: 50 * megabyte, stats: {} },
    ...change,
  };
}

function read(change: Record<string, unknown> = {}) {
  const reading = toReading(reply(change));
  if (reading === null) throw new Error('cannot be read');
  return reading;
}

describe('what the engine tells of a container', () => {
  it.each<[string, unknown, number]>([
    ['cgroup v1', { usage: 50 * megabyte, stats: { total_inactive_file: 20 * megabyte, inactive_file: 1 } }, 30],
    ['cgroup v2', { usage: 50 * megabyte, stats: { inactive_file: 10 * megabyte } }, 40],
    ['an engine that tells nothing', {}, 0],
  ])('leaves the page cache out of memory on %s', (_name, memory, expected) => {
    expect(read({ memory_stats: memory }).memory).toBe(expected * megabyte);
  });

  it('sums up all networks', () => {
    expect(read({ networks: { eth0: { rx_bytes: 100, tx_bytes: 20, rx_packets: 1 }, eth1: { rx_bytes: 5, tx_bytes: 7 } } }).network).toEqual([105, 27]);
    expect(read().network).toEqual([0, 0]);
  });

  it.each<[string, [read: string, write: string]]>([
    ['cgroup v1', ['Read', 'Write']],
    ['cgroup v2', ['read', 'write']],
  ])('sums up all block devices on %s', (_name, [readOp, writeOp]) => {
    const entries = [
      { major: 8, op: readOp, value: 4096 }, { major: 9, op: readOp, value: 512 }, { major: 8, op: writeOp, value: 100 }, { major: 8, op: 'Total', value: 4196 },
    ];
    expect(read({ blkio_stats: { io_service_bytes_recursive: entries } }).block).toEqual([4608, 100]);
    expect(read({ blkio_stats: { io_service_bytes_recursive: null } }).block).toEqual([0, 0]);
  });

  it('is nothing for what a container leaves behind that has just ended', () => {
    expect(toReading({ read: '0001-01-01T00:00:00Z', preread: '0001-01-01T00:00:00Z', cpu_stats: {}, precpu_stats: {}, memory_stats: {} })).toBeNull();
    expect(toReading({ name: '/demo', id: 'c0ffee' })).toBeNull();
    // As Docker 20.10 has it: every number is there, and zero.
    expect(toReading(reply({ read: '0001-01-01T00:00:00Z', cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {} }))).toBeNull();
  });

  it.each([['a one-shot reply', { preread: '0001-01-01T00:00:00Z' }], ['the first of a stream', { preread: '0001-01-01T00:00:00Z', precpu_stats: { cpu_usage: {} } }]])('has no look before in %s', (_name, change) => {
    expect(read(change).before).toBeNull();
  });
});

describe('the use of processors', () => {
  it('is percent of one core between two looks', () => {
    expect(cpuPercent(read(), read().before)).toBe(50);
    expect(cpuPercent({ at, cpu: 2e9 }, { at: at - 30_000, cpu: 0.5e9 })).toBe(5);
    expect(cpuPercent({ at, cpu: 60.5e9 }, { at: at - 30_000, cpu: 0.5e9 })).toBe(200);
  });

  it('is nothing without a look before, or for a container that began anew', () => {
    expect(cpuPercent({ at, cpu: 2e9 }, null)).toBe(0);
    expect(cpuPercent({ at, cpu: 2e9 }, { at, cpu: 1e9 })).toBe(0);
    expect(cpuPercent({ at, cpu: 0 }, { at: at - 1_000, cpu: 5e9 })).toBe(0);
  });
});

describe('a sample', () => {
  it('tells percent of the limits', () => {
    const sample = toSample(read(), { at: at - 1_000, cpu: 1.75e9 }, { cpu: 0.5, memory: 200 * megabyte });
    expect(sample).toMatchObject({ time: '2026-11-22T18:50:31.000Z', cpu: 25, cpu_of_limit: 50, memory: 50, memory_limit: 200, memory_of_limit: 25 });
  });

  it('tells no percent where there is no limit', () => {
    expect(toSample(read(), null, { cpu: null, memory: null })).toMatchObject({ cpu: 0, cpu_of_limit: null, memory: 50, memory_limit: null, memory_of_limit: null });
  });
});

describe('the growth of counters', () => {
  it('is what came since, and everything of a container that counts from zero again', () => {
    expect(growth([150, 70], [100, 70])).toEqual([50, 0]);
    expect(growth([30, 200], [100, 150])).toEqual([30, 50]);
  });
});
