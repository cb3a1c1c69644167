/**
 * One container's part of a log that is followed. It is read with the engine's own follow, which is quick to tell a line and may lose some when it falls behind or its
 * container stops (docs/decisions/logs.md); so whatever it was late for is read once more, plainly.
 */
import { limits } from '../../shared/protocol/limits.ts';
import type { LogFilter, LogLine } from '../../shared/protocol/logs.ts';
import { anySignal } from '../any-signal.ts';
import { UnreadableLogError } from '../docker/logs.ts';
import type { Track } from './cursor.ts';
import { encodeEntry } from './encode.ts';
import type { LineTest } from './filter.ts';
import { Lag } from './lag.ts';
import type { Feed, LiveLogs } from './live.ts';
import { readSource, type LogSource, type LogStore } from './sources.ts';
import { beginningOf, type Reading as Begun } from './tail.ts';

/** Where the lines go, encoded. */
export interface LineSink {
  push(line: string): void;
  /** Lines are missing here, at least so many. */
  pushGap(lines: number): void;
  /** Pass on what was pushed. */
  flush(): void;
  /** Resolves when all of it has been passed on. */
  drained(): Promise<void>;
}

/** Last lines that are asked for, one after the other. */
const tails = [100, 10_000, 40_000, 160_000];

/** Characters that a line takes besides its text. */
const lineOverhead = 100;

/** How a source is read. */
interface Reading {
  signal: AbortSignal;
  onBatch: () => Promise<void> | void;
}

/** What comes is not kept waiting. */
interface Listening extends Reading {
  onBatch: () => void;
}

/** Of a log: its last lines, or those from a time on. */
interface Range {
  tail?: number;
  since?: string | undefined;
}

/** Who follows, and what is wanted. */
export interface Following {
  store: LogStore;
  live: LiveLogs;
  app: string;
  filter: LogFilter;
  matches: LineTest;
  sink: LineSink;
  /** Ends whatever is being read. */
  signal: AbortSignal;
  /** The cursor of the line that a container has just told. */
  cursorOf: (track: Track) => string;
}

export class FollowedContainer {
  source: LogSource;
  readonly track: Track;
  /** Nothing more will come of it. */
  isOver = false;
  readonly #by: Following;
  readonly #lag = new Lag();

  constructor({ source, track }: Begun, by: Following) {
    this.source = source;
    this.track = track;
    this.#by = by;
  }

  /** What is there already, at the pace of its reader. */
  async tellPast(signal: AbortSignal): Promise<void> {
    this.#lag.end();
    await this.#read({ signal, onBatch: () => this.#by.sink.drained() });
  }

  /** Everything it writes until it stops. @throws AppError engine_unreachable, and the signal's reason */
  async follow(): Promise<void> {
    const { source } = this;
    // What the engine lost when it fell behind is in its files; a reading of them is not slowed down by it.
    while (source.isRunning && (await this.#isLeftBehind())) await this.#catchUp();
    this.#lag.end();
    await this.#catchUp();
    if (source.endedAt !== null) this.isOver = true;
  }

  /** Follow until the container stops, or the reading has to begin anew. */
  async #isLeftBehind(): Promise<boolean> {
    const { track } = this;
    const lag = this.#lag;
    const from = track.time;
    let before = from;
    const giveUp = new AbortController();
    const onBatch = () => {
      const isNew = track.time !== before;
      before = track.time;
      if (isNew && this.#note()) giveUp.abort();
      this.#flush();
    };
    lag.begin();
    try {
      await this.#listen({ signal: anySignal(this.#by.signal, giveUp.signal), onBatch });
      return false;
    } catch (error) {
      // The engine may stumble over a file that it is rotating; over one that is damaged it does so at the same place again.
      if (!giveUp.signal.aborted && !(error instanceof UnreadableLogError && track.time !== from)) throw error;
      return true;
    } finally {
      this.#flush();
    }
  }

  #note(): boolean {
    return this.#lag.note(this.#by.store.engine.clock.now() - Date.parse(this.track.time), Date.now());
  }

  #flush(): void {
    const { sink } = this.#by;
    const { count, last } = this.#lag.takeSkipped();
    if (count > 0) sink.pushGap(count);
    if (last !== null) sink.push(last);
    sink.flush();
  }

  /** To what others listen to already, or from where this follower was left. */
  async #listen(how: Listening): Promise<void> {
    const { source, track } = this;
    const { live } = this.#by;
    if (source.container === null) return;
    let mayShare = true;
    for (const range of this.#ranges()) {
      const feed = mayShare ? await live.find(source.container) : null;
      if (feed !== null) {
        if (await this.#share(feed, how)) return;
        mayShare = false;
      }
      track.rewind();
      const isTooLate = (line: LogLine) => leavesGap(range, track, line);
      const onLine = (line: LogLine) => this.#take(line, how.signal);
      if (await live.open(source.container, { ...range, isTooLate, mayShare }, { onLine, onBatch: how.onBatch }, how.signal)) return;
    }
  }

  /** What comes waits until what was before it has been read; answers false when it was too much that came. */
  async #share(feed: Feed, { signal, onBatch }: Listening): Promise<boolean> {
    if (feed.isOver) return false;
    const { track } = this;
    const early: LogLine[] = [];
    let size = 0;
    const leave = new AbortController();
    let isCaughtUp = false;
    let isFirst = true;
    const take = (line: LogLine) => {
      if (isFirst) track.goOnAt(line);
      isFirst = false;
      this.#take(line, signal);
    };
    const listener = {
      onLine: (line: LogLine) => {
        if (isCaughtUp) return take(line);
        early.push(line);
        size += line.text.length + lineOverhead;
        if (size > limits.logBacklog) leave.abort();
      },
      onBatch: () => {
        if (isCaughtUp) onBatch();
      },
    };
    const ended = feed.join(listener, anySignal(signal, leave.signal));
    ended.catch(() => undefined);
    try {
      await this.#catchUp();
    } catch (error) {
      leave.abort();
      throw error;
    }
    if (leave.signal.aborted) return false;
    for (const line of early.splice(0)) take(line);
    isCaughtUp = true;
    onBatch();
    await ended;
    return true;
  }

  #catchUp(): Promise<void> {
    return this.#read({ signal: this.#by.signal, onBatch: () => this.#flush() });
  }

  /** From where it was left. */
  async #read(how: Reading): Promise<void> {
    for (const range of this.#ranges()) {
      if (await this.#readRange(range, how)) return;
    }
  }

  /** The engine reads a log from its beginning, which takes seconds of a processor where there are 100 MB of it; so it is asked for its end first, for more where that does not go back far enough. */
  #ranges(): Range[] {
    const { track } = this;
    const since = beginningOf(track, this.#by.filter);
    return [...(track.time === '' ? [] : tails.map((tail) => ({ tail }))), { since }];
  }

  /** Tells nothing, and answers false, when the last `tail` lines begin after those that were told. */
  async #readRange(range: Range, { signal, onBatch }: Reading): Promise<boolean> {
    const { source, track } = this;
    const { store, app } = this.#by;
    track.rewind();
    const tooShort = new AbortController();
    const reading = anySignal(signal, tooShort.signal);
    let isBegun = false;
    const onLine = (line: LogLine) => {
      if (!isBegun && leavesGap(range, track, line)) tooShort.abort();
      isBegun = true;
      this.#take(line, reading);
    };
    try {
      await readSource(store, app, source, { ...range, signal: reading, onBatch, onLine });
    } catch (error) {
      if (!tooShort.signal.aborted) throw error;
    }
    return !tooShort.signal.aborted;
  }

  #take(line: LogLine, signal: AbortSignal): void {
    if (!signal.aborted && this.track.admit(line)) this.#tell(line);
  }

  #tell(line: LogLine): void {
    const { track } = this;
    const lag = this.#lag;
    const { sink, matches, cursorOf } = this.#by;
    // The engine does not say how many it has thrown away.
    if (track.hasLost) sink.pushGap(1);
    track.hasLost = false;
    if (!matches(line)) return;
    // One that comes after a silence is on time.
    if (lag.isSkimming && lag.isEmpty) this.#note();
    const cursor = cursorOf(track);
    if (lag.isSkimming) lag.skip(() => encodeEntry(line, cursor, track.deployment));
    else sink.push(encodeEntry(line, cursor, track.deployment));
  }
}

/** Whether last lines that begin with this one begin behind lines that have not been told. */
function leavesGap({ tail }: Range, track: Track, first: LogLine): boolean {
  return tail !== undefined && !track.hasTold(first);
}
