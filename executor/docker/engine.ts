/** The Docker Engine of this host: the client, whether it answers, and what its refusals mean. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import type { EngineInfo } from '../../shared/protocol/messages.ts';
import { isDiskFull } from '../disk.ts';
import { createClosingAgent } from '../http.ts';
import { agreeOnVersion } from './api-version.ts';
import { CommandNotes } from './command-notes.ts';
import { EngineClock } from './engine-clock.ts';

// dockerode loads gRPC for BuildKit sessions and ssh2 for engines behind SSH, neither of which the executor uses: 17 MB that stay.
const unused = /\/node_modules\/(dockerode\/lib\/session|docker-modem\/lib\/ssh)\.js$/;
registerHooks({ load: (url, context, next) => (unused.test(url) ? { format: 'commonjs', source: '', shortCircuit: true } : next(url, context)) });
const { default: Docker } = await import('dockerode');

export interface Engine {
  docker: Dockerode;
  /** The same, for questions that the engine answers by itself: one that takes the connection and says nothing is as good as none. */
  quick: Dockerode;
  /** The same, for a program that is not a part of any app, such as the proxy: two minutes of silence are the end of a request. */
  patient: Dockerode;
  /** For the one question that has to be asked before a version of the API is agreed on: which there are. */
  unversioned: Dockerode;
  socketPath: string;
  /** Every container and network that is touched carries this id as label `dockup.server`. */
  serverId: string;
  /** What this executor has started in containers. */
  commands: CommandNotes;
  clock: EngineClock;
  /** ms that it may take for one container, besides what the container is given to end. */
  patience: number;
}

/** ms of silence. A restart of a container or a pull may take longer, and is not asked of `quick`. */
const answerDeadline = 10_000;
const defaultPatience = 120_000;

export interface EngineOptions {
  socketPath: string;
  serverId: string;
  /** The executor's own directory. */
  dir: string;
}

export function createEngine({ socketPath, serverId, dir }: EngineOptions): Engine {
  return {
    docker: connect({ socketPath }),
    quick: connect({ socketPath, timeout: answerDeadline }),
    patient: connect({ socketPath, timeout: defaultPatience }),
    unversioned: connect({ socketPath, timeout: answerDeadline }),
    socketPath,
    serverId,
    commands: new CommandNotes(join(dir, 'commands')),
    clock: new EngineClock(),
    patience: defaultPatience,
  };
}

/**
 * Every request on a connection of its own: an engine that shuts down takes no new ones and stops its containers after that. On one that was kept it would
 * still answer, and tell of containers that have exited as if somebody had stopped them (REL-11).
 */
function connect(options: Dockerode.DockerOptions): Dockerode {
  const client = new Docker(options);
  // An option of the client that its types do not know.
  Object.assign(client.modem, { agent: createClosingAgent() });
  return client;
}

/** What the engine is, or null when it does not answer within two seconds, or in no version of its API that is spoken here. */
export async function readEngineInfo(engine: Engine): Promise<EngineInfo | null> {
  const ask = async () => {
    const apiVersion = await agreeOnVersion(engine);
    const asked = Date.now();
    const [version, info] = await Promise.all([engine.quick.version(), engine.quick.info()]);
    engine.clock.note(info.SystemTime, asked, Date.now());
    return { version: version.Version, api_version: apiVersion, os: version.Os, arch: version.Arch, cpus: info.NCPU, memory: info.MemTotal };
  };
  try {
    return await soon(ask());
  } catch {
    // Unreachable is a state that is reported, not a failure of the one who asked.
    return null;
  }
}

export async function isReachable({ quick }: Engine): Promise<boolean> {
  try {
    await soon(quick.ping());
    return true;
  } catch {
    return false;
  }
}

/** After the end of a container: an engine that shuts down ends them all, which is no fault of theirs. @throws AppError engine_unreachable */
export async function requireReachable(engine: Engine): Promise<void> {
  if (!(await isReachable(engine))) throw new AppError('engine_unreachable', { detail: 'The Docker engine went away, and the container with it.' });
}

/** Whether it is there at all has to be known sooner than the answer to a question. */
function soon<T>(request: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new AppError('engine_unreachable')), 2_000);
  return Promise.race([request, promise]).finally(() => clearTimeout(timer));
}

/** Wait for a request to the engine. @throws AppError engine_unreachable, engine_error or insufficient_storage: `<doing>: <the daemon's message>` */
export async function asked<T>(doing: string, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw toAppError(doing, error);
  }
}

/** As `asked`, for requests whose end is already reached when the engine answers with one of these statuses. */
export async function askedUnless(statuses: readonly number[], doing: string, request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!statuses.includes(statusOf(error) ?? 0)) throw toAppError(doing, error);
  }
}

/**
 * What concerns one container is not waited for without end: an engine that answers everything else may never come back from this one, and whoever comes
 * next for the same app would wait behind it. `grace` is in seconds. @throws AppError deadline_exceeded; the engine may still do it
 */
export async function inTime<T>({ patience }: Engine, doing: string, ask: (options: { abortSignal: AbortSignal }) => Promise<T>, grace = 0): Promise<T> {
  const longest = patience + grace * 1000;
  const abortSignal = AbortSignal.timeout(longest);
  try {
    return await ask({ abortSignal });
  } catch (error) {
    if (abortSignal.aborted) throw new AppError('deadline_exceeded', { detail: `${doing}: the Docker engine had not done it after ${longest / 1000} s.`, cause: error });
    throw error;
  }
}

const connectionErrors = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EACCES', 'ETIMEDOUT']);

export function toAppError(doing: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (connectionErrors.has(code)) {
    return new AppError('engine_unreachable', { detail: `${doing}: the Docker engine does not answer (${code})`, cause: error });
  }
  return new AppError(isDiskFull(error) ? 'insufficient_storage' : 'engine_error', { detail: `${doing}: ${daemonMessage(error)}`, cause: error });
}

/** Whether the engine was away, rather than refusing. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'engine_unreachable';
}

/** HTTP status of the engine's refusal. */
export function statusOf(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : null;
}

/** The daemon's own words, without dockerode's `(HTTP code 409) conflict - ` before them. */
export function daemonMessage(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^\(HTTP code \d+\) [\w ]+ - /, '').trim();
}
