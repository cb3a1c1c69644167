/** Why a deployment ended without success, read from the engine while the container is still there (REL-14). */
import { AppError } from '../../shared/errors.ts';
import type { DeploymentFailure } from '../../shared/protocol/events.ts';
import type { DeploymentPhase } from '../../shared/status.ts';
import { isDiskFull } from '../disk.ts';
import { inspectContainer } from '../docker/containers.ts';
import { statusOf, type Engine } from '../docker/engine.ts';
import { readLogs } from '../docker/logs.ts';
import { describeError, type Log } from '../log.ts';
import { UnhealthyError } from './await-healthy.ts';

export interface FailureContext {
  engine: Engine;
  log: Log;
  /** The failed container, if it came that far. */
  container: string | null;
  phase: DeploymentPhase;
}

const logLines = 50;
/** ms: the outcome waits for it. */
const logDeadline = 10_000;
/** Characters of JSON the lines may take: an outcome is journalled and sent, so it stays small. */
const logBudget = 128 * 1024;

export async function describeFailure(context: FailureContext, error: unknown): Promise<DeploymentFailure> {
  const cause = classify(context, error);
  return {
    code: cause.code,
    message: cause.message.slice(0, 2000),
    phase: context.phase,
    last_probe: cause instanceof UnhealthyError ? cause.lastProbe : null,
    ...(await readRemains(context, cause instanceof UnhealthyError ? cause.exitCode : null)),
  };
}

function classify({ phase, log }: FailureContext, error: unknown): AppError {
  if (isDiskFull(error) && !(error instanceof AppError)) return new AppError('insufficient_storage', { detail: 'The disk of the executor is full.', cause: error });
  if (!(error instanceof AppError)) {
    log.error('deployment failed unexpectedly', { phase, error: describeError(error) });
    return new AppError('internal_error', { cause: error });
  }
  if (error.code !== 'engine_error') return error;
  if (phase === 'create' && statusOf(error.cause) === 404) return new AppError('image_not_found', { detail: error.message, cause: error });
  if (phase === 'create' || phase === 'start') return new AppError('container_start_failed', { detail: error.message, cause: error });
  return error;
}

type Remains = Pick<DeploymentFailure, 'exit_code' | 'oom_killed' | 'logs'>;

async function readRemains({ engine, container, log }: FailureContext, exitCode: number | null): Promise<Remains> {
  const nothing: Remains = { exit_code: exitCode, oom_killed: false, logs: [] };
  if (container === null) return nothing;
  try {
    const [info, logs] = await Promise.all([inspectContainer(engine, container), readLogs(engine, container, { tail: logLines, budget: logBudget, signal: AbortSignal.timeout(logDeadline) })]);
    if (info === null) return { ...nothing, logs };
    const hasRun = info.State.StartedAt !== '0001-01-01T00:00:00Z';
    return { exit_code: exitCode ?? (info.State.Running || !hasRun ? null : info.State.ExitCode), oom_killed: info.State.OOMKilled, logs };
  } catch (error) {
    // The reason of the failure is worth telling without the details, too.
    log.warn('the failed container could not be read', { container, error: describeError(error) });
    return nothing;
  }
}
