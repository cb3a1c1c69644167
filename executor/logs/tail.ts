/** The last lines of an app over all its containers, in the order of their times. */
import { limits } from '../../shared/protocol/limits.ts';
import type { LogEntry, LogFilter, LogLine } from '../../shared/protocol/logs.ts';
import { createTail } from '../docker/logs.ts';
import { parseCursor, Track, writeCursor, type SourcePosition, type Told } from './cursor.ts';
import { isEveryLine, toLineTest, toTime } from './filter.ts';
import { readSource, type LogSource, type LogStore } from './sources.ts';

/** A source that the filter leaves something of, with where its reading stands. */
export interface Reading {
  source: LogSource;
  track: Track;
}

/** Lines read beyond those asked for, so that both streams' positions before the first one are known. */
const slack = 50;
/** ms by which a line that was written later may have the earlier time: the engine stamps stdout and stderr independently. */
const disorder = 1_000;

/** @throws AppError invalid_value */
export function beginReadings(sources: readonly LogSource[], filter: LogFilter): Reading[] {
  const cursor = filter.after === null ? null : parseCursor(filter.after);
  const newest = cursor === null ? '' : ([...cursor.keys()].toSorted().at(-1) ?? '');
  return sources
    .filter(({ deployment }) => (filter.deployment === null || deployment === filter.deployment) && (deployment > newest || cursor?.has(deployment) === true))
    .map((source) => ({ source, track: beginTrack(source.deployment, filter, cursor?.get(source.deployment)) }));
}

export function beginTrack(deployment: string, { since }: LogFilter, from?: SourcePosition): Track {
  const track = new Track(deployment, from);
  if (since !== null) track.skipTo(toTime(since));
  return track;
}

/** From where the engine has to read again: a little before the position, or from the filter's beginning. */
export function beginningOf(track: Track, { since }: LogFilter): string | undefined {
  const position = track.time === '' ? '' : toTime(Math.max(0, Date.parse(`${track.time.slice(0, 23)}Z`) - disorder));
  const from = since === null ? '' : toTime(since);
  return (position > from ? position : from) || undefined;
}

export interface TailRequest {
  app: string;
  filter: LogFilter;
  tail: number;
  signal?: AbortSignal;
}

/** A line and the position it leaves its source at. */
interface Placed {
  line: LogLine;
  position: string;
  deployment: string;
}

interface SourceTail extends Reading {
  lines: Placed[];
  /** It has lines before those. */
  hasEarlier: boolean;
}

/** What lines may take of a reply, in characters of JSON. */
const budget = limits.messageLength / 2;
const entryOverhead = 200;

/** Leaves the readings at their ends, so that a follower can go on from there. */
export async function readTail(store: LogStore, readings: readonly Reading[], request: TailRequest): Promise<LogEntry[]> {
  const tails: SourceTail[] = [];
  for (const reading of byEnd(readings)) {
    const isNeeded = reading.source.endedAt === null || !isFull(tails, request.tail, reading.source.endedAt);
    tails.push(isNeeded ? await readOne(store, reading, request) : { ...reading, lines: [], hasEarlier: true });
  }
  return toEntries(tails.sort((a, b) => (a.source.deployment < b.source.deployment ? -1 : 1)), request.tail);
}

/** What is still open, then what ended last. */
function byEnd(readings: readonly Reading[]): Reading[] {
  const end = ({ source }: Reading) => source.endedAt ?? '~';
  return readings.toSorted((a, b) => (end(a) > end(b) ? -1 : 1));
}

/** Whether there are enough lines that are younger. */
function isFull(tails: readonly SourceTail[], tail: number, endedAt: string): boolean {
  return tails.reduce((count, { lines }) => count + lines.filter(({ line }) => line.time > endedAt).length, 0) >= tail;
}

async function readOne(store: LogStore, reading: Reading, { app, filter, tail, signal }: TailRequest): Promise<SourceTail> {
  const { source, track } = reading;
  const matches = toLineTest(filter);
  const kept = createTail<Placed>({ tail, budget });
  let count = 0;
  let first = '';
  track.rewind();
  await readSource(store, app, source, {
    signal,
    since: beginningOf(track, filter),
    ...(isEveryLine(filter) && { tail: tail + slack }),
    onLine(line) {
      first ||= line.time;
      if (!track.admit(line)) return;
      // Had the other stream a line right before those that are read, it is not to be told by whoever goes on from here.
      if (++count === slack / 2) track.skipTo(first);
      if (matches(line)) kept.push({ line, position: track.toString(), deployment: source.deployment }, JSON.stringify(line.text).length + entryOverhead);
    },
  });
  const lines = kept.items();
  return { ...reading, lines, hasEarlier: count > lines.length || filter.after !== null };
}

function toEntries(tails: readonly SourceTail[], tail: number): LogEntry[] {
  const all = merge(tails);
  const window = lastThatFit(all, tail);
  const isInWindow = new Set(window);
  const first = window[0]?.line.time;
  const told = new Map<string, Told & { left: number }>();
  for (const { source, lines, hasEarlier } of tails) {
    const left = lines.filter((line) => isInWindow.has(line)).length;
    const isStarted = hasEarlier || left < lines.length;
    const position = new Track(source.deployment, isStarted && first !== undefined ? before(first) : {}).toString();
    told.set(source.deployment, { deployment: source.deployment, position, isStarted, isOver: source.endedAt !== null && left === 0, left });
  }
  const sources = [...told.values()];
  const endedAt = new Map(tails.map(({ source }) => [source.deployment, source.endedAt]));
  return window.map(({ line, position, deployment }) => {
    const own = told.get(deployment);
    if (own !== undefined) Object.assign(own, { position, isStarted: true, isOver: --own.left === 0 && endedAt.get(deployment) !== null });
    return { ...line, cursor: writeCursor(sources, deployment), deployment };
  });
}

/** Everything up to the first line that is shown has been told. */
function before(time: string): SourcePosition {
  return { stdout: { time, count: 0 }, stderr: { time, count: 0 } };
}

/** By time; lines of one source keep their order, which their times may contradict by microseconds. */
function merge(tails: readonly SourceTail[]): Placed[] {
  const heads = tails.map(({ lines }) => ({ lines, next: 0 }));
  const merged: Placed[] = [];
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) {
      const time = head.lines[head.next]?.line.time;
      if (time !== undefined && (first === undefined || time < (first.lines[first.next]?.line.time ?? ''))) first = head;
    }
    const placed = first?.lines[first.next];
    if (first === undefined || placed === undefined) return merged;
    first.next++;
    merged.push(placed);
  }
}

function lastThatFit(lines: readonly Placed[], tail: number): Placed[] {
  const kept = createTail<Placed>({ tail, budget });
  for (const placed of lines) kept.push(placed, JSON.stringify(placed.line.text).length + entryOverhead);
  return kept.items();
}
