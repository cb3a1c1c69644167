/** The public grammar of log queries as the filter of the link. Pure: `now` comes in. */
import type { LogStreamQuery } from '../../shared/api/logs.ts';
import type { LogFilter } from '../../shared/protocol/logs.ts';
import { invalidValue } from './invalid-value.ts';
import type { StreamParams } from '../../shared/protocol/streams.ts';

type Conditions = Omit<LogStreamQuery, 'tail'>;

/** @throws AppError invalid_value with the pointer `?since` or `?until` */
export function toLogFilter({ since, until, stream, search, deployment }: Conditions, now: number): LogFilter {
  const isAfter = since !== undefined && isCursor(since);
  return {
    after: isAfter ? since : null,
    since: since === undefined || isAfter ? null : readMoment('since', since, now),
    until: until === undefined ? null : readMoment('until', until, now),
    stream: stream ?? null,
    search: search ?? null,
    deployment: deployment ?? null,
  };
}

/** What a stream starts with: the last 100 lines, or with `since` all from then on, unless the query tells. */
export function toLogStream(app: string, query: LogStreamQuery, now: number): StreamParams<'logs'> {
  return { app, filter: toLogFilter(query, now), tail: query.tail ?? (query.since === undefined ? 100 : null) };
}

/** Cursors start with their version and a dot; no other spelling of a moment does. */
export function isCursor(text: string): boolean {
  return /^c\d+\./.test(text);
}

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;

function readMoment(name: 'since' | 'until', text: string, now: number): number {
  const moment = readAge(text, now) ?? readSeconds(text) ?? readTime(text);
  if (moment !== undefined && moment >= 0 && Number.isSafeInteger(moment)) return moment;
  const detail = `Give a time (2026-11-22T18:50:28Z), seconds since 1970 or an age (15m, 2h, 7d)${name === 'since' ? ', or the cursor of a line' : ''}.`;
  throw invalidValue(`?${name}`, detail);
}

function readAge(text: string, now: number): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  // The expression names exactly the units of the table. An age from before 1970 means: everything.
  return count === undefined ? undefined : Math.max(0, now - Number(count) * units[unit as keyof typeof units]);
}

function readSeconds(text: string): number | undefined {
  return /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Math.floor(Number(text) * 1_000) : undefined;
}

function readTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const time = Date.parse(text.toUpperCase());
  return Number.isNaN(time) ? undefined : time;
}
