/** What is kept of the logs of containers that are gone: `logs/<app>/<deployment>.ndjson.gz` in the executor's directory. The time of a file is that of its last line. */
import { mkdir, readdir, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isId } from '../../shared/names.ts';
import type { LogLine } from '../../shared/protocol/logs.ts';
import type { AppContainer } from '../docker/containers.ts';
import type { Engine } from '../docker/engine.ts';
import { readLog } from '../docker/logs.ts';
import { isMissing, writeAtomically } from '../files.ts';
import { describeError, type Log } from '../log.ts';
import { RecentIds } from '../recent-ids.ts';
import { createLineFile, readLines, type LineFile, type LineReader } from './archive-file.ts';

export interface ArchiveOptions {
  engine: Engine;
  /** The folder of all apps. */
  dir: string;
  retentionDays: number;
  log: Log;
  caps?: Caps;
  /** ms for one reading of a container's log, which its removal waits for. */
  readDeadline?: number;
}

export interface Caps {
  /** Bytes of text of one deployment: its newest lines. */
  deployment: number;
  /** Bytes on disk of all deployments of an app: the oldest go. */
  app: number;
}

const defaultCaps: Caps = { deployment: 10 * 1024 * 1024, app: 50 * 1024 * 1024 };
/**
 * Last lines that are asked for; the engine finds them from the end, the first number in 1.5 s, where reading 100 MB from the start takes 7 s.
 * It tells the oldest of them first, so what is too slow is asked for anew, and less of it.
 */
const tails = [200_000, 10_000];
const defaultReadDeadline = 10_000;
const pruneInterval = 60 * 60 * 1000;
const day = 24 * 60 * 60 * 1000;
const suffix = '.ndjson.gz';

export interface ArchivedLog {
  deployment: string;
  /** ms since the epoch: of its last line. */
  endedAt: number;
  /** Bytes on disk. */
  size: number;
}

interface Found {
  file: LineFile;
  last: LogLine;
}

export class LogArchive {
  readonly #options: ArchiveOptions;
  readonly #caps: Caps;
  /** Containers that had ended when their log was kept: of one that the engine then refuses to remove it is not kept again. */
  readonly #kept = new RecentIds<string>(1_000);

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#caps = options.caps ?? defaultCaps;
  }

  /** Keep the log of a container that is about to be removed. Never rejects: a container must not stay because its log cannot be kept. */
  async keep({ id, app, deployment, state }: Pick<AppContainer, 'id' | 'app' | 'deployment' | 'state'>): Promise<void> {
    if (this.#kept.has(id)) return;
    try {
      if (!isId('app', app) || !isId('deployment', deployment)) throw new Error('its labels are not ids');
      await this.#write({ id, app, deployment });
      await this.#pruneApp(app);
      if (state !== 'running') this.#kept.add(id);
    } catch (error) {
      this.#options.log.warn('the log of a container could not be kept', { app, deployment, error: describeError(error) });
    }
  }

  /** Oldest deployment first. */
  async list(app: string): Promise<ArchivedLog[]> {
    const names = isId('app', app) ? await namesIn(join(this.#options.dir, app)) : [];
    const found = await Promise.all(names.filter((name) => name.endsWith(suffix)).map((name) => this.#look(app, name)));
    return found.flat().sort((a, b) => (a.deployment < b.deployment ? -1 : 1));
  }

  /** Resolves at its end; of one that is not there nothing is told. */
  async read(app: string, deployment: string, reader: LineReader): Promise<void> {
    try {
      await readLines(this.#path(app, deployment), reader);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** With the app goes what was kept of it. */
  async remove(app: string): Promise<void> {
    if (isId('app', app)) await rm(join(this.#options.dir, app), { recursive: true, force: true });
  }

  /** Take away what is too old or too much, now and every hour until the signal aborts. */
  async keepPruned(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.prune().catch((error: unknown) => this.#options.log.warn('old logs could not be removed', { error: describeError(error) }));
      await delay(pruneInterval, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async prune(): Promise<void> {
    for (const app of await namesIn(this.#options.dir)) {
      await this.#pruneApp(app);
      // One that is not empty stays.
      await rmdir(join(this.#options.dir, app)).catch(() => undefined);
    }
  }

  async #write({ id, app, deployment }: { id: string; app: string; deployment: string }): Promise<void> {
    const found = await this.#readNewest(id);
    if (found === null) return;
    const path = this.#path(app, deployment);
    await mkdir(join(this.#options.dir, app), { recursive: true, mode: 0o700 });
    await writeAtomically(path, await found.file.end());
    await utimes(path, new Date(), new Date(found.last.time));
  }

  /** What came before the deadline, of the reading that came furthest; null of a log without a line. */
  async #readNewest(id: string): Promise<Found | null> {
    let best: Found | null = null;
    for (const tail of tails) {
      const { found, isWhole } = await this.#read(id, tail);
      if (found !== null && (best === null || found.last.time > best.last.time)) best = found;
      if (isWhole) break;
    }
    return best;
  }

  async #read(id: string, tail: number): Promise<{ found: Found | null; isWhole: boolean }> {
    const file = createLineFile(this.#caps.deployment);
    const signal = AbortSignal.timeout(this.#options.readDeadline ?? defaultReadDeadline);
    let last: LogLine | undefined;
    try {
      await readLog(this.#options.engine, id, { tail, signal, onLine: (line) => file.push((last = line)), onBatch: () => file.settle() });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return { found: last === undefined ? null : { file, last }, isWhole: !signal.aborted };
  }

  async #look(app: string, name: string): Promise<ArchivedLog[]> {
    // Pruned in between is as good as never there.
    const info = await stat(join(this.#options.dir, app, name)).catch(() => null);
    return info === null ? [] : [{ deployment: name.slice(0, -suffix.length), endedAt: info.mtimeMs, size: info.size }];
  }

  async #pruneApp(app: string): Promise<void> {
    const oldest = Date.now() - this.#options.retentionDays * day;
    let size = 0;
    for (const archived of (await this.list(app)).toReversed()) {
      size += archived.size;
      if (size > this.#caps.app || archived.endedAt < oldest) await rm(this.#path(app, archived.deployment), { force: true });
    }
  }

  #path(app: string, deployment: string): string {
    return join(this.#options.dir, app, `${deployment}${suffix}`);
  }
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
