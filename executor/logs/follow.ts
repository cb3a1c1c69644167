/** Follows the log of an app through deploys, restarts and crashes: each of its containers for itself, with cursors over all of them. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../shared/errors.ts';
import type { LogFilter } from '../../shared/protocol/logs.ts';
import { anySignal } from '../any-signal.ts';
import { writeCursor, type Told, type Track } from './cursor.ts';
import { encodeEntry } from './encode.ts';
import { toLineTest } from './filter.ts';
import { FollowedContainer, type Following, type LineSink } from './follow-container.ts';
import type { LiveLogs } from './live.ts';
import { listSources, type LogSource, type LogStore } from './sources.ts';
import { beginReadings, beginTrack, readTail, type Reading } from './tail.ts';

export interface FollowRequest {
  app: string;
  filter: LogFilter;
  /** How many of the last lines come first; null: all that match. */
  tail: number | null;
  signal: AbortSignal;
  sink: LineSink;
  /** Aborts when what has been written by then is all that is wanted. */
  enough?: AbortSignal;
  /** Whether the one deployment that it is of has ended, so that no container of it is to come. */
  hasEnded?: () => boolean;
}

/** ms after which a container whose log ended at once is looked at again. */
const pause = 250;

/** A container, and what this follower is doing about it. */
interface Attended {
  container: FollowedContainer;
  isBusy: boolean;
  /** Resolves when it is no longer busy. */
  work: Promise<void>;
  /** Changes of the app that were known when it was last read. */
  seen: number;
}

export class Follower {
  readonly #request: FollowRequest;
  readonly #following: Following;
  /** Ends whatever is being read. */
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  #followed: Attended[] = [];
  #changes = 0;
  #failure: unknown;
  #wake = Promise.withResolvers<void>();

  constructor(store: LogStore, live: LiveLogs, request: FollowRequest) {
    const { app, filter, sink, signal, enough } = request;
    this.#request = request;
    this.#signal = anySignal(signal, this.#end.signal, ...(enough === undefined ? [] : [enough]));
    this.#following = { store, live, app, filter, sink, matches: toLineTest(filter), signal: this.#signal, cursorOf: (track) => this.#cursorOf(track) };
  }

  /** The containers of the app have changed. */
  changed = (): void => {
    this.#changes++;
    this.#wake.resolve();
  };

  /** Resolves when no more lines can match. @throws AppError app_not_deployed, invalid_value, engine_unreachable */
  async run(): Promise<void> {
    const { filter, signal, enough } = this.#request;
    const wake = () => this.#wake.resolve();
    this.#signal.addEventListener('abort', wake, { once: true });
    const timer = filter.until === null ? undefined : setTimeout(() => this.#end.abort(), Math.min(Math.max(0, filter.until - Date.now()), longestTimer));
    try {
      await this.#tellPast();
      if (filter.until === null || filter.until > Date.now()) await this.#tellComing();
    } catch (error) {
      // What was cut off by its reader, or by an end that was asked for, has not failed.
      if (!this.#signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      this.#end.abort();
    }
    if (enough?.aborted && !signal.aborted) await this.#tellRest();
  }

  /** Lines that are there already wait for their reader: it takes nothing away from the app that they lie where they are. */
  async #tellPast(): Promise<void> {
    const { app, filter, tail, sink, signal } = this.#request;
    const { store } = this.#following;
    const sources = await listSources(store, app);
    if (sources.length === 0 && filter.deployment === null) throw new AppError('app_not_deployed');
    const readings = beginReadings(sources, filter);
    for (const reading of readings) this.#attendTo(reading);
    if (tail !== null) {
      for (const { deployment, cursor, ...line } of await readTail(store, readings, { app, filter, tail, signal })) sink.push(encodeEntry(line, cursor, deployment));
      sink.flush();
    }
    for (const { container } of this.#followed) {
      if (tail === null) await container.tellPast(signal);
      if (container.source.endedAt !== null) container.isOver = true;
    }
  }

  #attendTo(reading: Reading): void {
    this.#followed.push({ container: new FollowedContainer(reading, this.#following), isBusy: false, work: Promise.resolve(), seen: -1 });
  }

  /** Lines that come are dropped when their reader is too slow. */
  async #tellComing(): Promise<void> {
    while (!this.#signal.aborted) {
      this.#wake = Promise.withResolvers();
      const mayCome = await this.#look();
      if (this.#failure !== undefined) throw this.#failure;
      const isAllOver = !mayCome && this.#followed.every(({ container }) => container.isOver);
      if (isAllOver || this.#signal.aborted) return;
      await this.#wake.promise;
    }
  }

  /** What has been written since the last look. Nothing is dropped of it: it waits for its reader. */
  async #tellRest(): Promise<void> {
    const { app, filter, signal } = this.#request;
    await Promise.all(this.#followed.map(({ work }) => work));
    this.#attendToNew(await listSources(this.#following.store, app), filter);
    for (const { container } of this.#followed) {
      if (!container.isOver) await container.tellPast(signal);
    }
  }

  /** Answers whether containers may come that are not there yet. */
  async #look(): Promise<boolean> {
    const { app, filter, hasEnded } = this.#request;
    const changes = this.#changes;
    // Looked at first: the container of a deployment comes before its end.
    const isPast = hasEnded?.() === true;
    const sources = await listSources(this.#following.store, app);
    const isAwaited = filter.deployment !== null && this.#followed.length === 0;
    if (sources.length === 0 && !isAwaited && !this.#followed.some(({ isBusy }) => isBusy)) throw new AppError('app_not_deployed');
    this.#attendToNew(sources, filter);
    for (const attended of this.#followed) {
      const { container, isBusy, seen } = attended;
      // Neither container nor archive: it never wrote a line that could still be read.
      if (!isBusy && !sources.includes(container.source)) container.isOver = true;
      if (!isBusy && !container.isOver && (container.source.isRunning || seen !== changes)) attended.work = this.#attend(attended, changes);
    }
    return filter.deployment === null || (this.#followed.length === 0 && !isPast);
  }

  #attendToNew(sources: readonly LogSource[], filter: LogFilter): void {
    const newest = this.#followed.at(-1)?.container.source.deployment ?? '';
    for (const source of sources) {
      const known = this.#followed.find(({ container }) => container.source.deployment === source.deployment);
      if (known !== undefined) known.container.source = source;
      else if (source.deployment > newest && (filter.deployment === null || filter.deployment === source.deployment)) this.#attendTo({ source, track: beginTrack(source.deployment, filter) });
    }
  }

  /** Never rejects. */
  async #attend(attended: Attended, changes: number): Promise<void> {
    Object.assign(attended, { isBusy: true, seen: changes });
    const began = Date.now();
    try {
      await attended.container.follow();
      if (Date.now() - began < pause) await delay(pause, undefined, { signal: this.#signal }).catch(() => undefined);
    } catch (error) {
      this.#failure ??= error;
    } finally {
      attended.isBusy = false;
      this.#wake.resolve();
    }
  }

  #cursorOf(own: Track): string {
    const told: Told[] = this.#followed.map(({ container: { track, isOver } }) => ({ deployment: track.deployment, position: track.toString(), isStarted: track.time !== '', isOver }));
    return writeCursor(told, own.deployment);
  }
}

/** ms: what `setTimeout` takes at most. */
const longestTimer = 2 ** 31 - 1;
