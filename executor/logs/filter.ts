/** Which lines of an app's log somebody wants. Pure. */
import type { LogFilter, LogLine } from '../../shared/protocol/logs.ts';

export type LineTest = (line: LogLine) => boolean;

export const everyLine: LogFilter = { after: null, since: null, until: null, stream: null, search: null, deployment: null };

/** What can be seen from the line alone; `after` and `deployment` decide what is read in the first place. */
export function toLineTest({ since, until, stream, search }: LogFilter): LineTest {
  const from = since === null ? null : toTime(since);
  const before = until === null ? null : toTime(until);
  const wanted = search?.toLowerCase() ?? null;
  return (line) =>
    (from === null || line.time >= from) &&
    (before === null || line.time < before) &&
    (stream === null || line.stream === stream) &&
    (wanted === null || line.text.toLowerCase().includes(wanted));
}

/** Whether every line of a container passes, so that its last ones are the ones wanted. */
export function isEveryLine({ after, since, until, stream, search }: LogFilter): boolean {
  return [after, since, until, stream, search].every((condition) => condition === null);
}

/** As the engine writes times, which compare as text. */
export function toTime(milliseconds: number): string {
  return `${new Date(Math.min(milliseconds, latest)).toISOString().slice(0, 23)}000000Z`;
}

/** Later years have more than four digits and no longer compare as text. */
const latest = Date.UTC(9999, 11, 31);
