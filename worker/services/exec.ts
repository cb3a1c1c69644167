import type { ExecCommand, ExecResult } from '../../shared/api/exec.ts';
import { AppError } from '../../shared/errors.ts';
import { beginningOf } from '../../shared/text.ts';
import type { AppView } from '../store/apps.ts';
import type { Actor } from './actor.ts';
import { requireDeployed } from './app-actions.ts';
import type { Context } from './context.ts';
import { recordEvent } from './events.ts';

/** Run a command in the app's container; an abort of `signal` ends it. @throws AppError app_not_running, exec_failed, exec_disabled, deadline_exceeded with what was written … */
export async function execInApp(ctx: Context, actor: Actor, app: AppView, { cmd, timeout, stdin }: ExecCommand, signal: AbortSignal | undefined): Promise<ExecResult> {
  const serverId = requireDeployed(app);
  const { exit_code: exitCode, ...output } = await ctx.executors.call(serverId, 'exec', { app: app.id, cmd, stdin: stdin ?? null, timeout }, signal).catch(async (error: unknown) => {
    // It may have run all the same.
    if (error instanceof AppError && ['deadline_exceeded', 'executor_lost'].includes(error.code)) await recordExec(ctx, actor, app, cmd);
    throw error;
  });
  await recordExec(ctx, actor, app, cmd);
  if (exitCode === null) throw new AppError('deadline_exceeded', { detail: `The command had not ended after ${timeout} s and was given up; what it wrote until then is here.`, extra: output });
  return { exit_code: exitCode, ...output };
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
  return beginningOf(program, 200);
}
