/** Commands in an app's container: as a call, and on a terminal as a stream. */
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import { startCommand } from '../docker/exec.ts';
import { runCommand } from '../exec/run.ts';
import { runTerminal } from '../exec/terminal.ts';
import type { StreamHandler } from '../streams/stream.ts';
import type { HandlerContext } from './context.ts';

export async function exec(context: HandlerContext, { app, cmd, stdin, timeout }: Params<'exec'>, signal: AbortSignal): Promise<Result<'exec'>> {
  return runCommand(context.host.engine, { container: await runningContainer(context, app), cmd, stdin, timeout }, signal);
}

export function execOnTerminal(context: HandlerContext): StreamHandler<'exec'> {
  return ({ app, cmd, cols, rows, idle_timeout: idleTimeout }, stream) =>
    runTerminal({
      stream,
      size: { cols, rows },
      idleTimeout,
      start: async (over) => startCommand(context.host.engine, { container: await runningContainer(context, app), cmd, hasTerminal: true, hasInput: true }, over),
    });
}

/** Id of the app's container, where commands are allowed and it runs. */
async function runningContainer({ host, observer }: HandlerContext, app: string): Promise<string> {
  if (!host.policy.exec) throw new AppError('exec_disabled', { detail: 'The policy of the server switches commands in containers off.' });
  const container = await observer.current(app);
  if (container === null) throw new AppError('app_not_deployed');
  if (container.state !== 'running') throw new AppError('app_not_running', { detail: `The container is ${container.state}.` });
  return container.id;
}
