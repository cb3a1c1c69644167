import { statfsSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { guardDisk, isDiskFull, levelOf, readDisks, reserveOf } from './disk.ts';

const gigabyte = 1024 ** 3;

describe('REL-15 what stays free on a disk', () => {
  test.each([
    [5, 2],
    [20, 2],
    [50, 5],
    [200, 20],
    [8_000, 20],
  ])('of %i GB is %i GB', (total, reserve) => {
    expect(reserveOf(total * gigabyte)).toBe(reserve * gigabyte);
  });
});

describe('the guard of a disk', () => {
  const { bavail, bfree, bsize, blocks } = statfsSync('/');

  test('lets through what leaves enough', () => {
    expect(() => guardDisk('/')(0)).not.toThrow();
  });

  test('refuses what would leave less, with the figures', () => {
    const coming = bavail * bsize - reserveOf((blocks - bfree + bavail) * bsize) + gigabyte;
    expect(() => guardDisk('/')(coming)).toThrow(expect.objectContaining({ code: 'insufficient_storage', message: expect.stringMatching(/^The disk of \/ has \d+ MB left, of which \d+ MB stay free\. \d+ MB are to come\.$/) }));
  });

  test('looks at the next folder where the first is not seen from here', () => {
    expect(() => guardDisk('/no/such/folder', '/')(1e18)).toThrow(expect.objectContaining({ code: 'insufficient_storage', message: expect.stringContaining('disk of / ') }));
  });
});

describe('REL-15 how full a disk is', () => {
  it.each([
    [100, 'ok'],
    [21, 'ok'],
    [20, 'warning'],
    [16, 'warning'],
    [15, 'critical'],
    [0, 'critical'],
  ] as const)('with %i of 100 left it is %s', (free, level) => {
    expect(levelOf({ total: 100, free })).toBe(level);
  });

  test('is told of each disk once, by the first folder on it', () => {
    const disks = readDisks(['/', '/no/such/folder', import.meta.dirname, '/proc']);
    expect(disks.map(({ path }) => path)).toEqual(['/', '/proc']);
    expect(disks[0]?.free).toBeLessThan(disks[0]?.total ?? 0);
  });
});

test.each([
  [Object.assign(new Error('write'), { code: 'ENOSPC' }), true],
  [new Error('(HTTP code 500) server error - write /var/lib/docker/x: no space left on device '), true],
  [Object.assign(new Error('write'), { code: 'EACCES' }), false],
  ['no space left on device', false],
])('%s says that the disk is full: %s', (error, expected) => {
  expect(isDiskFull(error)).toBe(expected);
});
