/** The log of a container, out of the engine's multiplexed stream. */
import { AppError } from '../../shared/errors.ts';
import type { LogLine } from '../../shared/protocol/logs.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { pathFor } from './api-version.ts';
import { statusOf, toAppError, type Engine } from './engine.ts';
import { readBody } from './raw-request.ts';

/** The engine cannot read what it has kept. */
export class UnreadableLogError extends AppError {
  constructor(words: string) {
    super('engine_error', { detail: `read logs: ${words.slice(0, 500)}` });
  }
}

export interface LogRequest {
  /** Only the last so many lines; all when left out. */
  tail?: number;
  /** Also those to come, until the container stops. The engine loses lines when it falls behind: see docs/decisions/logs.md. */
  follow?: boolean;
  /** Not before this time: `2026-11-22T18:50:28.123456789Z`. */
  since?: string;
  signal?: AbortSignal | undefined;
  onLine: (line: LogLine) => void;
  /** After each handful of lines. Reading goes on when its promise has resolved, if it gives one. */
  onBatch?: () => Promise<void> | void;
}

/** Resolves at the end of the log, with whether there is such a container. @throws AppError engine_unreachable, engine_error; among these UnreadableLogError */
export async function readLog(engine: Engine, id: string, request: LogRequest): Promise<boolean> {
  const parser = createLogParser(request.onLine);
  try {
    await readBody({
      socketPath: engine.socketPath,
      path: pathFor(engine, pathOf(id, request)),
      signal: request.signal,
      onBytes(bytes) {
        parser.write(bytes);
        return request.onBatch?.();
      },
    });
  } catch (error) {
    // 409: the engine is taking it away right now.
    if ([404, 409].includes(statusOf(error) ?? 0)) return false;
    throw toAppError('read logs', error);
  }
  parser.end();
  await request.onBatch?.();
  return true;
}

export interface TailOptions {
  /** Lines at most. */
  tail: number;
  /** Characters of JSON at most; older lines give way. */
  budget?: number;
  signal?: AbortSignal;
}

/** The last lines, oldest first. */
export async function readLogs(engine: Engine, id: string, options: TailOptions): Promise<LogLine[]> {
  const tail = createTail<LogLine>(options);
  await readLog(engine, id, { tail: options.tail, signal: options.signal, onLine: (line) => tail.push(line, JSON.stringify(line).length + 1) });
  return tail.items();
}

function pathOf(id: string, { tail, follow = false, since }: LogRequest): string {
  const query = new URLSearchParams({ stdout: 'true', stderr: 'true', timestamps: 'true', follow: String(follow), tail: String(tail ?? 'all') });
  if (since !== undefined) query.set('since', toEngineTime(since));
  return `/containers/${id}/logs?${query}`;
}

/** Seconds and nanoseconds: the engine reads RFC 3339 in whole seconds only. */
function toEngineTime(time: string): string {
  return `${Date.parse(`${time.slice(0, 19)}Z`) / 1000}.${time.slice(20, 29)}`;
}

export interface LogParser {
  /** Keeps nothing of the chunk itself. @throws UnreadableLogError */
  write(chunk: Buffer): void;
  end(): void;
}

const headerLength = 8;
/** Bytes of a part of a line that is longer than this; the last part is shorter. */
const partLength = 16 * 1024;
/** Streams as the engine numbers them (moby pkg/stdcopy); what it says itself has no time before it. */
const stderr = 2;
const systemError = 3;
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;

interface OpenLine {
  time: string;
  parts: Buffer[];
  length: number;
}

/**
 * The engine sends frames of 8 bytes of header (stream, 0, 0, 0, length as 32 bits) and a payload that starts with a timestamp. A line
 * above 16 KB comes as several frames with the same timestamp, of which only the last ends in a line feed; with the `local` driver of
 * Engine 20.10 not even that one does, but it is shorter than the others.
 */
export function createLogParser(onLine: (line: LogLine) => void): LogParser {
  const open: Partial<Record<LogLine['stream'], OpenLine>> = {};
  let rest: Buffer = Buffer.alloc(0);

  const finish = (stream: LogLine['stream']) => {
    const line = open[stream];
    delete open[stream];
    if (line !== undefined) onLine({ time: toUtc(line.time), stream, text: cut(Buffer.concat(line.parts).toString()) });
  };
  const take = (stream: LogLine['stream'], chunk: Buffer, start: number, end: number) => {
    const begin = chunk.indexOf(space, start) + 1;
    const time = chunk.toString('latin1', start, begin - 1);
    const hasLineFeed = chunk[end - 1] === lineFeed;
    const isLast = hasLineFeed || end - begin < partLength;
    const last = !hasLineFeed ? end : end - (chunk[end - 2] === carriageReturn && end - 2 >= begin ? 2 : 1);
    if (open[stream] !== undefined && open[stream].time !== time) finish(stream);
    if (isLast && open[stream] === undefined) return onLine({ time: toUtc(time), stream, text: cut(chunk.toString('utf8', begin, last)) });
    const line = (open[stream] ??= { time, parts: [], length: 0 });
    // What lies beyond the limit is dropped at once, so that an endless line takes no memory.
    if (line.length <= limits.logLineLength * 4) line.parts.push(Buffer.from(chunk.subarray(begin, last)));
    line.length += last - begin;
    if (isLast) finish(stream);
  };
  return {
    write(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (bytes.length - at >= headerLength) {
        const end = at + headerLength + bytes.readUInt32BE(at + 4);
        if (bytes.length < end) break;
        if (bytes[at] === systemError) throw new UnreadableLogError(bytes.toString('utf8', at + headerLength, end).trim());
        take(bytes[at] === stderr ? 'stderr' : 'stdout', bytes, at + headerLength, end);
        at = end;
      }
      rest = Buffer.from(bytes.subarray(at));
    },
    end() {
      finish('stdout');
      finish('stderr');
    },
  };
}

/** An engine that does not run in UTC tells the times of the `local` driver in its own zone; all times of ours compare as text. */
function toUtc(time: string): string {
  if (time.endsWith('Z')) return time;
  return `${new Date(`${time.slice(0, 19)}${time.slice(29)}`).toISOString().slice(0, 19)}${time.slice(19, 29)}Z`;
}

function cut(text: string): string {
  return text.length <= limits.logLineLength ? text : `${text.slice(0, limits.logLineLength - 1)}…`;
}

export interface Tail<T> {
  push(item: T, size: number): void;
  items(): T[];
}

/** Keeps the newest that fit, dropping older ones as it goes. */
export function createTail<T>({ tail, budget = limits.messageLength / 2 }: TailOptions): Tail<T> {
  let kept: { item: T; size: number }[] = [];
  let first = 0;
  let size = 0;
  return {
    push(item, own) {
      kept.push({ item, size: own });
      size += own;
      while (kept.length - first > tail || size > budget) size -= kept[first++]?.size ?? 0;
      // `shift` for each line of a long log would move the whole tail each time.
      if (first > 1_000 && first > kept.length / 2) [kept, first] = [kept.slice(first), 0];
    },
    items: () => kept.slice(first).map((entry) => entry.item),
  };
}
