import { describe, expect, it } from 'vitest';
import type { LogFilter, LogLine } from '../../shared/protocol/logs.ts';
import { everyLine, isEveryLine, toLineTest, toTime } from './filter.ts';

const line: LogLine = { time: '2026-11-22T18:50:28.123456789Z', stream: 'stderr', text: 'Größe: Timeout after 3 s' };
const moment = Date.parse('2026-11-22T18:50:28.123Z');

describe('a filter of log lines', () => {
  it.each<[Partial<LogFilter>, boolean]>([
    [{}, true],
    [{ stream: 'stderr' }, true],
    [{ stream: 'stdout' }, false],
    [{ search: 'timeout' }, true],
    [{ search: 'GRÖSSE' }, false],
    [{ search: 'GRÖßE' }, true],
    [{ search: '.*' }, false],
    [{ since: moment }, true],
    [{ since: moment + 1 }, false],
    [{ until: moment }, false],
    [{ until: moment + 1 }, true],
    [{ since: Number.MAX_SAFE_INTEGER }, false],
    [{ until: Number.MAX_SAFE_INTEGER }, true],
    [{ search: 'timeout', stream: 'stdout' }, false],
  ])('%j lets the line through: %s', (conditions, passes) => {
    expect(toLineTest({ ...everyLine, ...conditions })(line)).toBe(passes);
  });

  it('knows whether the last lines of a container are the ones wanted', () => {
    expect(isEveryLine({ ...everyLine, deployment: 'dep_x' })).toBe(true);
    expect(isEveryLine({ ...everyLine, until: 0 })).toBe(false);
  });

  it('writes times as the engine does', () => {
    expect(toTime(moment)).toBe('2026-11-22T18:50:28.123000000Z');
  });
});
