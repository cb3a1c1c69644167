import type { ExecCommand } from '../../shared/api/exec.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { Result } from '../../shared/protocol/calls.ts';
import type { AppView } from '../store/apps.ts';
import type { Actor } from './actor.ts';
import { requireDeployed } from './app-actions.ts';
import type { Context } from './context.ts';
import { recordEvent } from './events.ts';

/** After these the command has run all the same. */
const ranBefore: readonly ErrorCode[] = ['deadline_exceeded', 'executor_lost'];

/** Run a command in the app's container; an abort of `signal` ends it. @throws AppError app_not_running, exec_failed, exec_disabled, deadline_exceeded … */
export async function execInApp(ctx: Context, actor: Actor, app: AppView, { cmd, timeout, stdin }: ExecCommand, signal: AbortSignal): Promise<Result<'exec'>> {
  const serverId = requireDeployed(app);
  try {
    const result = await ctx.executors.call(serverId, 'exec', { app: app.id, cmd, stdin: stdin ?? null, timeout }, signal);
    await recordExec(ctx, actor, app, cmd);
    return result;
  } catch (error) {
    if (error instanceof AppError && ranBefore.includes(error.code)) await recordExec(ctx, actor, app, cmd);
    throw error;
  }
}

/** Who opened a terminal, before it opens: none is without its event. */
export async function recordTerminal(ctx: Context, actor: Actor, app: AppView, cmd: readonly string[]): Promise<void> {
  const program = programOf(cmd);
  await recordEvent(ctx, { appId: app.id, type: 'app.exec', actor: actor.user.id, message: `opened a terminal with ${program}`, data: { program, terminal: true } });
}

async function recordExec(ctx: Context, actor: Actor, app: AppView, cmd: readonly string[]): Promise<void> {
  const program = programOf(cmd);
  await recordEvent(ctx, { appId: app.id, type: 'app.exec', actor: actor.user.id, message: `ran ${program}`, data: { program } });
}

/** What an event tells of a command: its arguments may hold secrets. */
function programOf([program = '']: readonly string[]): string {
  return program.slice(0, 200);
}
