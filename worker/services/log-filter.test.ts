import { describe, expect, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { logFilter } from '../../shared/protocol/logs.ts';
import { isCursor, toLogFilter, toLogStream } from './log-filter.ts';

const now = Date.parse('2026-11-22T18:50:28.500Z');
const nothing = { after: null, since: null, until: null, stream: null, search: null, deployment: null };
const cursor = 'c1.06f9k2m3n4p5q6r7s8t9v0.1795373428123456789';

describe('a moment', () => {
  test.each([
    ['a time', '2026-11-22T18:50:28Z', '2026-11-22T18:50:28.000Z'],
    ['a time in small letters', '2026-11-22t18:50:28z', '2026-11-22T18:50:28.000Z'],
    ['a time with nanoseconds', '2026-11-22T18:50:28.123456789Z', '2026-11-22T18:50:28.123Z'],
    ['a time somewhere else', '2026-11-22T20:50:28+02:00', '2026-11-22T18:50:28.000Z'],
    ['seconds since 1970', '1795373428', '2026-11-22T18:50:28.000Z'],
    ['seconds with a fraction', '1795373428.25', '2026-11-22T18:50:28.250Z'],
    ['the first second', '0', '1970-01-01T00:00:00.000Z'],
    ['30 seconds ago', '30s', '2026-11-22T18:49:58.500Z'],
    ['15 minutes ago', '15m', '2026-11-22T18:35:28.500Z'],
    ['2 hours ago', '2h', '2026-11-22T16:50:28.500Z'],
    ['7 days ago', '7d', '2026-11-15T18:50:28.500Z'],
    ['a week ago', '1w', '2026-11-15T18:50:28.500Z'],
    ['longer ago than there is time', '99999w', '1970-01-01T00:00:00.000Z'],
  ])('is %s: %s', (_what, text, time) => {
    expect(toLogFilter({ since: text, until: text }, now)).toEqual({ ...nothing, since: Date.parse(time), until: Date.parse(time) });
  });

  test.each(['', ' ', 'yesterday', '15 m', '-15m', '1.5h', '15M', 'NaN', '1e9', '2026-11-22', '2026-11-22T18:50:28', '2026-13-22T18:50:28Z', '2026-11-22 18:50:28Z', '9999999999999', 'c.1', 'cursor', 'C1.x'])(
    'is not %j',
    (text) => {
      for (const name of ['since', 'until'] as const) {
        const read = () => toLogFilter({ [name]: text }, now);
        expect(read).toThrow(AppError);
        expect(read).toThrow(expect.objectContaining({ code: 'invalid_value', errors: [expect.objectContaining({ pointer: `?${name}` })] }));
      }
    },
  );
});

describe('a cursor', () => {
  test('goes on after its line', () => {
    expect(toLogFilter({ since: cursor }, now)).toEqual({ ...nothing, after: cursor });
  });

  test('ends nothing', () => {
    expect(() => toLogFilter({ until: cursor }, now)).toThrow(expect.objectContaining({ code: 'invalid_value' }));
  });

  test.each([[cursor, true], ['c12.x', true], ['1795373428', false], ['c1', false], ['xc1.', false], ['', false]])('%j: %s', (text, expected) => {
    expect(isCursor(text)).toBe(expected);
  });
});

test('the other conditions go through, and what comes out is a filter of the link', () => {
  const filter = toLogFilter({ since: '15m', stream: 'stderr', search: '"; DROP', deployment: 'dep_1k3m8v0qz9x4c7b2n5h6t0' }, now);
  expect(filter).toEqual({ ...nothing, since: now - 900_000, stream: 'stderr', search: '"; DROP', deployment: 'dep_1k3m8v0qz9x4c7b2n5h6t0' });
  expect(logFilter.parse(filter)).toEqual(filter);
});

test.each([
  ['the last 100 lines', {}, 100],
  ['all since then', { since: '15m' }, null],
  ['all since that line', { since: cursor }, null],
  ['as many as told', { since: '15m', tail: 7 }, 7],
  ['none', { tail: 0 }, 0],
])('a stream starts with %s', (_what, query, tail) => {
  expect(toLogStream('app_1', query, now)).toMatchObject({ app: 'app_1', tail });
});
