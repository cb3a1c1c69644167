/** The logs of all apps on this host: each is one log over all the containers the app has had. */
import { AppError } from '../../shared/errors.ts';
import type { LogEntry, LogFilter } from '../../shared/protocol/logs.ts';
import { inTime, type Engine } from '../docker/engine.ts';
import type { LogArchive } from './archive.ts';
import { Follower, type FollowRequest } from './follow.ts';
import { LiveLogs } from './live.ts';
import { listSources, type LogStore } from './sources.ts';
import { beginReadings, readTail } from './tail.ts';

/** Actions of the engine's events after which an app's containers are others than before. */
const changing = new Set(['start', 'die', 'destroy']);

export class AppLogs {
  readonly archive: LogArchive;
  readonly #store: LogStore;
  readonly #live: LiveLogs;
  readonly #followers = new Map<Follower, string>();

  constructor(engine: Engine, archive: LogArchive) {
    this.archive = archive;
    this.#store = { engine, archive };
    this.#live = new LiveLogs(engine);
  }

  /** The last lines that match, oldest first. @throws AppError app_not_deployed, invalid_value, engine_unreachable, deadline_exceeded */
  async read({ app, filter, tail }: { app: string; filter: LogFilter; tail: number }): Promise<LogEntry[]> {
    const sources = await listSources(this.#store, app);
    if (sources.length === 0) throw new AppError('app_not_deployed');
    return inTime(this.#store.engine, 'read logs', ({ abortSignal }) => readTail(this.#store, beginReadings(sources, filter), { app, filter, tail, signal: abortSignal }));
  }

  /** Runs until the signal aborts or no more lines can match. @throws as `read` */
  async follow(request: FollowRequest): Promise<void> {
    const follower = new Follower(this.#store, this.#live, request);
    this.#followers.set(follower, request.app);
    try {
      await follower.run();
    } finally {
      this.#followers.delete(follower);
    }
  }

  /** Something happened to a container of ours. */
  hint({ app, action }: { app: string; action: string }): void {
    if (changing.has(action)) this.#tell((followed) => followed === app);
  }

  /** Anything may have changed: the engine was away. */
  hintAll(): void {
    this.#tell(() => true);
  }

  #tell(isMeant: (app: string) => boolean): void {
    for (const [follower, app] of this.#followers) if (isMeant(app)) follower.changed();
  }
}
