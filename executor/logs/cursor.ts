/**
 * How far an app's log has been told, for each container that is open at this moment: usually one, two while an old one drains. Pure.
 *
 * Ids of deployments sort by their time, so three rules make resuming exact (REL-18): a container in the cursor goes on after its
 * position, a newer one starts at its beginning, and every other one was told to its end.
 *
 * A position is kept for stdout and stderr each: the engine stamps the two independently, and their times overtake each other by microseconds.
 *
 *     c1.06f9k2m3n4p5q6r7s8t9v0.1795373428123456789.1795373428123400000~06f9k9…
 */
import { AppError } from '../../shared/errors.ts';
import type { LogLine } from '../../shared/protocol/logs.ts';

const version = 'c1.';
const idPrefix = 'dep_';
/** A cursor has at most 500 characters. */
const maxSources = 6;
const sourcePattern = /^([0-9a-hjkmnp-tv-z]{22})\.(?:(\d{19})(?:-(\d{1,6}))?)?(?:\.(\d{19})(?:-(\d{1,6}))?)?$/;

/** Every line before `time` was told, and so many with just this time. */
export interface Position {
  time: string;
  count: number;
}

export type SourcePosition = Partial<Record<LogLine['stream'], Position>>;
/** By deployment. */
export type Cursor = Map<string, SourcePosition>;

/** @throws AppError invalid_value */
export function parseCursor(text: string): Cursor {
  const cursor: Cursor = new Map();
  for (const source of text.startsWith(version) ? text.slice(version.length).split('~') : ['']) {
    const [, id, out, outCount, err, errCount] = sourcePattern.exec(source) ?? [];
    if (id === undefined) throw new AppError('invalid_value', { detail: 'The cursor is not one that a log line had.' });
    cursor.set(idPrefix + id, { stdout: toPosition(out, outCount), stderr: toPosition(err, errCount) });
  }
  return cursor;
}

/** A container as far as it has been told. */
export interface Told {
  deployment: string;
  /** By `Track.toString`. */
  position: string;
  /** Something of it has been told, or left out on purpose. */
  isStarted: boolean;
  /** All of it has been told, and nothing more will come. */
  isOver: boolean;
}

/**
 * The cursor of a line of `own`. Besides its own container it names the newest one that was begun, below which nothing is new, and
 * those below that which are not told to their end. `sources` are sorted by deployment.
 */
export function writeCursor(sources: readonly Told[], own: string): string {
  if (sources.length === 1 && sources[0] !== undefined) return version + sources[0].position;
  const newest = sources.findLast(({ deployment, isStarted }) => isStarted || deployment === own)?.deployment ?? own;
  const named = sources.filter(({ deployment, isOver }) => deployment === own || deployment === newest || (!isOver && deployment < newest));
  return version + named.slice(-maxSources).map(({ position }) => position).join('~');
}

function toPosition(nanoseconds: string | undefined, count = '1'): Position | undefined {
  if (nanoseconds === undefined) return undefined;
  const seconds = Number(nanoseconds.slice(0, -9));
  return { time: `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${nanoseconds.slice(-9)}Z`, count: Number(count) };
}

interface StreamTrack extends Position {
  text: string;
  /** The engine tells lines again that were told before: when reading begins anew, and when it rotates its files. */
  isReplay: boolean;
  replayed: number;
}

/** Follows one container's log through any number of readings that overlap, and lets each line through once. */
export class Track {
  readonly deployment: string;
  readonly #streams: Record<LogLine['stream'], StreamTrack>;
  #second = '';
  #secondsText = '';
  /** The line to go on after was no longer there: the engine had thrown it away, and maybe more behind it. */
  hasLost = false;

  constructor(deployment: string, from: SourcePosition = {}) {
    this.deployment = deployment;
    this.#streams = { stdout: this.#start(from.stdout), stderr: this.#start(from.stderr) };
  }

  /** The newest time told; empty before the first line. */
  get time(): string {
    const { stdout, stderr } = this.#streams;
    return stdout.time > stderr.time ? stdout.time : stderr.time;
  }

  /** The engine is about to tell lines from before the position again. */
  rewind(): void {
    for (const stream of Object.values(this.#streams)) Object.assign(stream, { isReplay: true, replayed: 0 });
  }

  /** The engine goes on with this line, from wherever that may be. */
  goOnAt({ stream, time }: LogLine): void {
    if (time <= this.#streams[stream].time) this.rewind();
  }

  /** Nothing from before `time` is wanted of a stream that has not been heard of yet. */
  skipTo(time: string): void {
    for (const stream of Object.values(this.#streams)) {
      if (stream.time === '') Object.assign(stream, { time, text: this.#write({ time, count: 0 }) });
    }
  }

  /** Whether it comes before the newest line told, in whose stream lines are in the order of their times. */
  hasTold({ stream, time }: LogLine): boolean {
    return time < this.#streams[stream].time;
  }

  /** Whether the line is to be told: it comes after everything told so far. */
  admit({ stream: name, time }: LogLine): boolean {
    const stream = this.#streams[name];
    if (time < stream.time) {
      // Within one stream times never go back: what comes now is a repetition, of both.
      if (!stream.isReplay) this.rewind();
      return false;
    }
    if (time === stream.time) {
      if (stream.isReplay ? ++stream.replayed <= stream.count : time < this.time) return false;
      stream.count++;
    } else {
      if (stream.isReplay && stream.replayed === 0 && stream.count > 0 && stream.time === this.time) this.hasLost = true;
      stream.time = time;
      stream.count = 1;
      stream.isReplay = false;
    }
    stream.text = this.#write(stream);
    return true;
  }

  /** Its part of a cursor. */
  toString(): string {
    const { stdout, stderr } = this.#streams;
    return `${this.deployment.slice(idPrefix.length)}.${stdout.text}${stderr.text === '' ? '' : `.${stderr.text}`}`;
  }

  #start(position: Position | undefined): StreamTrack {
    const track = { time: position?.time ?? '', count: position?.count ?? 0, text: '', isReplay: true, replayed: 0 };
    return { ...track, text: position === undefined ? '' : this.#write(position) };
  }

  /** Nanoseconds since the epoch; one second holds many lines. */
  #write({ time, count }: Position): string {
    const second = time.slice(0, 19);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondsText = String(Date.parse(`${second}Z`) / 1000);
    }
    return `${this.#secondsText}${time.slice(20, 29)}${count === 1 ? '' : `-${count}`}`;
  }
}
