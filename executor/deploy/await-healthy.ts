/** From start to healthy: probe fast, and notice at once when the container exits instead. */
import { AppError } from '../../shared/errors.ts';
import { anySignal } from '../any-signal.ts';
import type { Clock } from '../clock.ts';
import { inspectContainer, nextExit } from '../docker/containers.ts';
import { requireReachable, type Engine } from '../docker/engine.ts';
import { probe, type ProbeTarget } from '../observe/probe.ts';

export interface AwaitHealthyOptions {
  engine: Engine;
  clock: Pick<Clock, 'sleep'>;
  target: ProbeTarget;
  /** Seconds that a container gets at most, whatever its app asks for. */
  longest: number;
  signal: AbortSignal;
}

/** What a failed wait has seen: goes into the deployment's failure. */
export class UnhealthyError extends AppError {
  readonly lastProbe: string | null;
  /** Null while it still ran. */
  readonly exitCode: number | null;

  constructor(code: 'container_exited' | 'health_check_failed', facts: { detail: string; lastProbe: string | null; exitCode: number | null }) {
    super(code, { detail: facts.detail });
    this.lastProbe = facts.lastProbe;
    this.exitCode = facts.exitCode;
  }
}

const firstPause = 10;
const longestPause = 250;
/** ms that an app without a port has to stay up to count as started. */
const startedAfter = 1_000;

/** @throws UnhealthyError, or the signal's reason */
export async function awaitHealthy(options: AwaitHealthyOptions): Promise<void> {
  const done = new AbortController();
  const signal = anySignal(options.signal, done.signal);
  const seen: { lastProbe: string | null } = { lastProbe: null };
  try {
    await Promise.race([awaitExit(options, seen, signal), awaitProbe(options, seen, signal)]);
  } catch (error) {
    // Both waits end in their own words when they are aborted; why they were is the answer.
    options.signal.throwIfAborted();
    throw error;
  } finally {
    done.abort();
  }
}

/** Only ever rejects. */
async function awaitExit({ engine, target }: AwaitHealthyOptions, seen: { lastProbe: string | null }, signal: AbortSignal): Promise<void> {
  const exits = nextExit(engine, target.container, signal);
  exits.catch(() => undefined);
  // The exit may be older than the wait for it. A container that the engine has already started again tells its code at the next one.
  const state = (await inspectContainer(engine, target.container))?.State;
  const exitCode = state?.Running === true && !state.Restarting ? await exits : (state?.ExitCode ?? null);
  await requireReachable(engine);
  throw toExited(exitCode, seen.lastProbe);
}

function toExited(exitCode: number | null, lastProbe: string | null): UnhealthyError {
  return new UnhealthyError('container_exited', { detail: `The container exited with code ${exitCode ?? 'unknown'} before it was healthy.`, lastProbe, exitCode });
}

async function awaitProbe({ engine, clock, target, longest, signal: cancelled }: AwaitHealthyOptions, seen: { lastProbe: string | null }, signal: AbortSignal): Promise<void> {
  if (target.check.kind === 'started') return awaitUp(engine, clock, target.container, signal);
  const grace = Math.min(target.check.grace, longest);
  const within = { ...target, check: { ...target.check, timeout: Math.min(target.check.timeout, grace) } };
  const deadline = Date.now() + grace * 1000;
  const ending = anySignal(signal, AbortSignal.timeout(grace * 1000));
  for (let pause = firstPause; Date.now() < deadline; pause = Math.min(pause * 1.5, longestPause)) {
    const result = await probe(engine, within, ending);
    cancelled.throwIfAborted();
    if (result.isHealthy) return;
    // A probe that only the end of the grace cut off tells less than the one before it.
    if (!ending.aborted || seen.lastProbe === null) seen.lastProbe = result.answer;
    await clock.sleep(Math.min(pause, Math.max(0, deadline - Date.now())), signal);
  }
  throw new UnhealthyError('health_check_failed', {
    detail: `The container was not healthy within ${grace} s${grace < target.check.grace ? ', the longest that its server waits (DOCKUP_HEALTH_TIMEOUT)' : ''}. Last probe: ${seen.lastProbe ?? 'none'}`,
    lastProbe: seen.lastProbe,
    exitCode: null,
  });
}

/** Stays up, that is. On a machine that is short of time the exit, and the look for it, can take longer than the wait: what counts is how it is afterwards. */
async function awaitUp(engine: Engine, clock: Pick<Clock, 'sleep'>, container: string, signal: AbortSignal): Promise<void> {
  await clock.sleep(startedAfter, signal);
  const info = await inspectContainer(engine, container);
  if (info?.State.Running === true && !info.State.Restarting && info.RestartCount === 0) return;
  await requireReachable(engine);
  throw toExited(info?.RestartCount === 0 ? info.State.ExitCode : null, null);
}
