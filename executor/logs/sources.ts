/** Where the lines of an app are: one source per deployment, its container or what was kept of it. */
import { listContainers } from '../docker/containers.ts';
import type { Engine } from '../docker/engine.ts';
import { readLog, type LogRequest } from '../docker/logs.ts';
import type { LogArchive } from './archive.ts';
import { toTime } from './filter.ts';

export interface LogSource {
  deployment: string;
  /** Null when only what was kept is left. */
  container: string | null;
  isRunning: boolean;
  /** Time of the last line of a log that is over; null while there may come more. */
  endedAt: string | null;
}

export interface LogStore {
  engine: Engine;
  archive: LogArchive;
}

/** Oldest first. @throws AppError engine_unreachable */
export async function listSources({ engine, archive }: LogStore, app: string): Promise<LogSource[]> {
  // The containers first: one that is archived and removed in between is then found twice, never missed.
  const containers = await listContainers(engine, { app });
  const sources = new Map<string, LogSource>();
  for (const { deployment, endedAt } of await archive.list(app)) sources.set(deployment, { deployment, container: null, isRunning: false, endedAt: toTime(Math.ceil(endedAt)) });
  for (const { deployment, id, state } of containers) sources.set(deployment, { deployment, container: id, isRunning: state === 'running' || state === 'paused', endedAt: null });
  return [...sources.values()].sort((a, b) => (a.deployment < b.deployment ? -1 : 1));
}

/** Read a source to its end; one whose container goes away meanwhile from what was kept of it. Lines may come twice then, as `Track` expects. */
export async function readSource({ engine, archive }: LogStore, app: string, source: LogSource, request: LogRequest): Promise<void> {
  if (source.container !== null && (await readLog(engine, source.container, request))) return;
  const { since, onLine } = request;
  await archive.read(app, source.deployment, { ...request, onLine: since === undefined ? onLine : (line) => line.time >= since && onLine(line) });
}
