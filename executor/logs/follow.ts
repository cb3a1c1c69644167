/**
 * Follows the log of an app through deploys, restarts and crashes. Each container is read with the engine's own follow, which is quick to tell
 * a line and may lose some when it falls behind or its container stops (docs/decisions/logs.md); so whatever it was late for is read once more, plainly.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { LogFilter, LogLine } from '../../shared/protocol/logs.ts';
import { anySignal } from '../any-signal.ts';
import { UnreadableLogError } from '../docker/logs.ts';
import { writeCursor, type Told, type Track } from './cursor.ts';
import { encodeEntry } from './encode.ts';
import { toLineTest, type LineTest } from './filter.ts';
import { Lag } from './lag.ts';
import type { Feed, LiveLogs } from './live.ts';
import { listSources, readSource, type LogSource, type LogStore } from './sources.ts';
import { beginningOf, beginReadings, beginTrack, readTail } from './tail.ts';

export interface FollowRequest {
  app: string;
  filter: LogFilter;
  /** How many of the last lines come first; null: all that match. */
  tail: number | null;
  signal: AbortSignal;
  sink: LineSink;
}

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

/** ms after which a container whose log ended at once is looked at again. */
const pause = 250;

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

/** A container as this follower knows it. */
interface Followed {
  source: LogSource;
  track: Track;
  lag: Lag;
  isBusy: boolean;
  isOver: boolean;
  /** Changes of the app that were known when it was last read. */
  seen: number;
}

export class Follower {
  readonly #store: LogStore;
  readonly #live: LiveLogs;
  readonly #request: FollowRequest;
  readonly #matches: LineTest;
  /** Ends whatever is being read. */
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  #followed: Followed[] = [];
  #changes = 0;
  #failure: unknown;
  #wake = Promise.withResolvers<void>();

  constructor(store: LogStore, live: LiveLogs, request: FollowRequest) {
    this.#store = store;
    this.#live = live;
    this.#request = request;
    this.#matches = toLineTest(request.filter);
    this.#signal = anySignal(request.signal, this.#end.signal);
  }

  /** The containers of the app have changed. */
  changed = (): void => {
    this.#changes++;
    this.#wake.resolve();
  };

  /** Resolves when no more lines can match. @throws AppError app_not_deployed, invalid_value, engine_unreachable */
  async run(): Promise<void> {
    const { filter, signal } = this.#request;
    const wake = () => this.#wake.resolve();
    this.#signal.addEventListener('abort', wake, { once: true });
    const timer = filter.until === null ? undefined : setTimeout(() => this.#end.abort(), Math.min(Math.max(0, filter.until - Date.now()), longestTimer));
    try {
      await this.#tellPast();
      if (filter.until === null || filter.until > Date.now()) await this.#tellComing();
    } catch (error) {
      // What was cut off by its reader, or by the end that it asked for, has not failed.
      if (!signal.aborted && !this.#end.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      this.#end.abort();
    }
  }

  /** Lines that are there already wait for their reader: it takes nothing away from the app that they lie where they are. */
  async #tellPast(): Promise<void> {
    const { app, filter, tail, sink, signal } = this.#request;
    const sources = await listSources(this.#store, app);
    if (sources.length === 0) throw new AppError('app_not_deployed');
    this.#followed = beginReadings(sources, filter).map((reading) => ({ ...reading, lag: new Lag(), isBusy: false, isOver: false, seen: -1 }));
    if (tail !== null) {
      for (const { deployment, cursor, ...line } of await readTail(this.#store, this.#followed, { app, filter, tail, signal })) sink.push(encodeEntry(line, cursor, deployment));
      sink.flush();
    }
    for (const followed of this.#followed) {
      if (tail === null) await this.#read(followed, { signal, onBatch: () => sink.drained() });
      if (followed.source.endedAt !== null) followed.isOver = true;
    }
  }

  /** Lines that come are dropped when their reader is too slow. */
  async #tellComing(): Promise<void> {
    while (!this.#signal.aborted) {
      this.#wake = Promise.withResolvers();
      await this.#look();
      if (this.#failure !== undefined) throw this.#failure;
      const isAllOver = this.#request.filter.deployment !== null && this.#followed.length > 0 && this.#followed.every(({ isOver }) => isOver);
      if (isAllOver || this.#signal.aborted) return;
      await this.#wake.promise;
    }
  }

  async #look(): Promise<void> {
    const { app, filter } = this.#request;
    const changes = this.#changes;
    const sources = await listSources(this.#store, app);
    if (sources.length === 0 && !this.#followed.some(({ isBusy }) => isBusy)) throw new AppError('app_not_deployed');
    const newest = this.#followed.at(-1)?.source.deployment ?? '';
    for (const source of sources) {
      const known = this.#followed.find(({ source: { deployment } }) => deployment === source.deployment);
      if (known !== undefined) known.source = source;
      else if (source.deployment > newest && (filter.deployment === null || filter.deployment === source.deployment)) this.#followed.push({ source, track: beginTrack(source.deployment, filter), lag: new Lag(), isBusy: false, isOver: false, seen: -1 });
    }
    for (const followed of this.#followed) {
      // Neither container nor archive: it never wrote a line that could still be read.
      if (!followed.isBusy && !sources.includes(followed.source)) followed.isOver = true;
      if (!followed.isBusy && !followed.isOver && (followed.source.isRunning || followed.seen !== changes)) void this.#attend(followed, changes);
    }
  }

  /** Tell everything a container writes until it stops. Never rejects. */
  async #attend(followed: Followed, changes: number): Promise<void> {
    Object.assign(followed, { isBusy: true, seen: changes });
    const began = Date.now();
    try {
      const { source } = followed;
      // What the engine lost when it fell behind is in its files; a reading of them is not slowed down by it.
      while (source.isRunning && (await this.#isLeftBehind(followed))) await this.#catchUp(followed);
      followed.lag.end();
      await this.#catchUp(followed);
      if (source.endedAt !== null) followed.isOver = true;
      if (Date.now() - began < pause) await delay(pause, undefined, { signal: this.#signal }).catch(() => undefined);
    } catch (error) {
      this.#failure ??= error;
    } finally {
      followed.isBusy = false;
      this.#wake.resolve();
    }
  }

  /** Follow until the container stops, or the reading has to begin anew. */
  async #isLeftBehind(followed: Followed): Promise<boolean> {
    const { track, lag } = followed;
    const from = track.time;
    let before = from;
    const giveUp = new AbortController();
    const onBatch = () => {
      const isNew = track.time !== before;
      before = track.time;
      if (isNew && this.#note(followed)) giveUp.abort();
      this.#flush(lag);
    };
    lag.begin();
    try {
      await this.#listen(followed, { signal: anySignal(this.#signal, giveUp.signal), onBatch });
      return false;
    } catch (error) {
      // The engine may stumble over a file that it is rotating; over one that is damaged it does so at the same place again.
      if (!giveUp.signal.aborted && !(error instanceof UnreadableLogError && track.time !== from)) throw error;
      return true;
    } finally {
      this.#flush(lag);
    }
  }

  #note({ track, lag }: Followed): boolean {
    return lag.note(this.#store.engine.clock.now() - Date.parse(track.time), Date.now());
  }

  #flush(lag: Lag): void {
    const { sink } = this.#request;
    const { count, last } = lag.takeSkipped();
    if (count > 0) sink.pushGap(count);
    if (last !== null) sink.push(last);
    sink.flush();
  }

  /** To what others listen to already, or from where this follower was left. */
  async #listen(followed: Followed, how: Listening): Promise<void> {
    const { source, track } = followed;
    if (source.container === null) return;
    let mayShare = true;
    for (const range of this.#ranges(track)) {
      const feed = mayShare ? await this.#live.find(source.container) : null;
      if (feed !== null) {
        if (await this.#share(followed, feed, how)) return;
        mayShare = false;
      }
      track.rewind();
      const isTooLate = (line: LogLine) => leavesGap(range, track, line);
      const onLine = (line: LogLine) => this.#take(line, followed, how.signal);
      if (await this.#live.open(source.container, { ...range, isTooLate, mayShare }, { onLine, onBatch: how.onBatch }, how.signal)) return;
    }
  }

  /** What comes waits until what was before it has been read; answers false when it was too much that came. */
  async #share(followed: Followed, feed: Feed, { signal, onBatch }: Listening): Promise<boolean> {
    if (feed.isOver) return false;
    const { track } = followed;
    const early: LogLine[] = [];
    let size = 0;
    const leave = new AbortController();
    let isCaughtUp = false;
    let isFirst = true;
    const take = (line: LogLine) => {
      if (isFirst) track.goOnAt(line);
      isFirst = false;
      this.#take(line, followed, signal);
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
      await this.#catchUp(followed);
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

  #catchUp(followed: Followed): Promise<void> {
    return this.#read(followed, { signal: this.#signal, onBatch: () => this.#flush(followed.lag) });
  }

  /** From where it was left. */
  async #read(followed: Followed, how: Reading): Promise<void> {
    for (const range of this.#ranges(followed.track)) {
      if (await this.#readRange(followed, range, how)) return;
    }
  }

  /** The engine reads a log from its beginning, which takes seconds of a processor where there are 100 MB of it; so it is asked for its end first, for more where that does not go back far enough. */
  #ranges(track: Track): Range[] {
    const since = beginningOf(track, this.#request.filter);
    return [...(track.time === '' ? [] : tails.map((tail) => ({ tail }))), { since }];
  }

  /** Tells nothing, and answers false, when the last `tail` lines begin after those that were told. */
  async #readRange(followed: Followed, range: Range, { signal, onBatch }: Reading): Promise<boolean> {
    const { source, track } = followed;
    track.rewind();
    const tooShort = new AbortController();
    const reading = anySignal(signal, tooShort.signal);
    let isBegun = false;
    const onLine = (line: LogLine) => {
      if (!isBegun && leavesGap(range, track, line)) tooShort.abort();
      isBegun = true;
      this.#take(line, followed, reading);
    };
    try {
      await readSource(this.#store, this.#request.app, source, { ...range, signal: reading, onBatch, onLine });
    } catch (error) {
      if (!tooShort.signal.aborted) throw error;
    }
    return !tooShort.signal.aborted;
  }

  #take(line: LogLine, followed: Followed, signal: AbortSignal): void {
    if (!signal.aborted && followed.track.admit(line)) this.#tell(line, followed);
  }

  #tell(line: LogLine, followed: Followed): void {
    const { track, lag } = followed;
    const { sink } = this.#request;
    // The engine does not say how many it has thrown away.
    if (track.hasLost) sink.pushGap(1);
    track.hasLost = false;
    if (!this.#matches(line)) return;
    // One that comes after a silence is on time.
    if (lag.isSkimming && lag.isEmpty) this.#note(followed);
    const cursor = this.#cursor(track);
    if (lag.isSkimming) lag.skip(() => encodeEntry(line, cursor, track.deployment));
    else sink.push(encodeEntry(line, cursor, track.deployment));
  }

  #cursor(own: Track): string {
    const told: Told[] = this.#followed.map(({ track, isOver }) => ({ deployment: track.deployment, position: track.toString(), isStarted: track.time !== '', isOver }));
    return writeCursor(told, own.deployment);
  }
}

/** Whether last lines that begin with this one begin behind lines that have not been told. */
function leavesGap({ tail }: Range, track: Track, first: LogLine): boolean {
  return tail !== undefined && !track.hasTold(first);
}

/** ms: what `setTimeout` takes at most. */
const longestTimer = 2 ** 31 - 1;
