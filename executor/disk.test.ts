import { statfsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { guardDisk, reserveOf } from './disk.ts';

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
  const { bavail, bsize, blocks } = statfsSync('/');

  test('lets through what leaves enough', () => {
    expect(() => guardDisk('/')(0)).not.toThrow();
  });

  test('refuses what would leave less, with the figures', () => {
    const coming = bavail * bsize - reserveOf(blocks * bsize) + gigabyte;
    expect(() => guardDisk('/')(coming)).toThrow(expect.objectContaining({ code: 'insufficient_storage', message: expect.stringMatching(/^The disk of \/ has \d+ MB left, of which \d+ MB stay free\.$/) }));
  });

  test('looks at the next folder where the first is not seen from here', () => {
    expect(() => guardDisk('/no/such/folder', '/')(1e18)).toThrow(expect.objectContaining({ code: 'insufficient_storage', message: expect.stringContaining('disk of / ') }));
  });
});
