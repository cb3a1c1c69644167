/**
 * What containers write while they are followed: the engine tells each line once, however many readers there are. A hundred of one app cost it, and this
 * process, a hundred times the work otherwise (`npm run bench -- busy`).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { LogLine } from '../../shared/protocol/logs.ts';
import type { Engine } from '../docker/engine.ts';
import { readLog } from '../docker/logs.ts';

export interface Listener {
  onLine(line: LogLine): void;
  /** After each handful of lines. */
  onBatch(): void;
}

export interface Beginning {
  /** How many of the last lines come first; all that are not before `since` when left out. */
  tail?: number;
  since?: string | undefined;
  /** Whether it is no use to begin with this line: those before it are missing. */
  isTooLate(line: LogLine): boolean;
  /** Whether what another one reads is as good. */
  mayShare: boolean;
}

/** ms that a reader waits for another one's reading to have begun before it begins its own. */
const patience = 250;

export class LiveLogs {
  readonly #engine: Engine;
  /** By container; only those that have begun where they should. */
  readonly #feeds = new Map<string, Feed>();
  readonly #beginning = new Map<string, Promise<unknown>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** What somebody else reads of this container: its next lines are those that come next, and the ones before them are told by a plain reading that begins from now on. */
  async find(container: string): Promise<Feed | null> {
    const beginning = this.#beginning.get(container);
    if (beginning !== undefined) {
      await Promise.race([beginning, delay(patience, undefined, { ref: false })]);
      // One that says nothing is waited for once.
      if (this.#beginning.get(container) === beginning) this.#beginning.delete(container);
    }
    return this.#feeds.get(container) ?? null;
  }

  /**
   * Begins to read; who comes later may share it (`find`). Resolves when the container has stopped or is gone; with false, and nothing told, when the first line was too late, or
   * somebody else has begun meanwhile whom the listener may share with.
   * @throws AppError engine_unreachable, and the signal's reason
   */
  async open(container: string, { isTooLate, mayShare, ...from }: Beginning, listener: Listener, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const feed = new Feed();
    const begun = Promise.withResolvers<void>();
    let isBegun = false;
    let isGivenUp = false;
    const begin = (line: LogLine) => {
      isBegun = true;
      const isShared = this.#feeds.has(container);
      isGivenUp = isTooLate(line) || (isShared && mayShare);
      if (isGivenUp) feed.close();
      else if (!isShared) this.#feeds.set(container, feed);
      begun.resolve();
    };
    if (!this.#beginning.has(container)) this.#beginning.set(container, begun.promise);
    const reading = readLog(this.#engine, container, {
      ...from,
      follow: true,
      signal: feed.signal,
      onLine: (line) => {
        if (!isBegun) begin(line);
        if (!isGivenUp) feed.tell(line);
      },
      onBatch: () => feed.flush(),
    });
    const forget = () => {
      if (this.#feeds.get(container) === feed) this.#feeds.delete(container);
      if (this.#beginning.get(container) === begun.promise) this.#beginning.delete(container);
      begun.resolve();
    };
    feed.signal.addEventListener('abort', forget);
    reading.then(() => feed.finish(), (error: unknown) => feed.fail(error)).finally(forget);
    try {
      await feed.join(listener, signal);
    } catch (error) {
      if (!isGivenUp) throw error;
    }
    return !isGivenUp;
  }
}

/** One reading of the engine and those who share it. It ends with the last of them. */
export class Feed {
  readonly #end = new AbortController();
  readonly #listeners = new Map<Listener, { resolve: () => void; reject: (reason: unknown) => void }>();

  #isFinished = false;

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Nothing more is told: joining would be waiting for ever. */
  get isOver(): boolean {
    return this.#isFinished || this.signal.aborted;
  }

  /** Resolves at the end of the log. @throws AppError engine_unreachable, and the signal's reason */
  async join(listener: Listener, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave);
    this.#listeners.set(listener, { resolve, reject });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    }
  }

  tell(line: LogLine): void {
    this.#each((listener) => listener.onLine(line));
  }

  flush(): void {
    this.#each((listener) => listener.onBatch());
  }

  /** Nobody wants it any more. */
  close(): void {
    this.#end.abort(new Error('nobody follows any more'));
  }

  /** The log is over. */
  finish(): void {
    this.#isFinished = true;
    for (const { resolve } of this.#listeners.values()) resolve();
  }

  fail(error: unknown): void {
    this.#isFinished = true;
    for (const { reject } of this.#listeners.values()) reject(error);
  }

  /** One that fails is no reason for the others not to hear. */
  #each(task: (listener: Listener) => void): void {
    for (const [listener, { reject }] of this.#listeners) {
      try {
        task(listener);
      } catch (error) {
        reject(error);
      }
    }
  }
}
