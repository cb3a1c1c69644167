/** A command without a terminal, from its start to its exit code. */
import type { Result } from '../../shared/protocol/calls.ts';
import { anySignal } from '../any-signal.ts';
import { startCommand } from '../docker/exec.ts';
import type { Engine } from '../docker/engine.ts';
import { attend } from './attend.ts';
import { createOutput } from './output.ts';

export interface RunOptions {
  container: string;
  cmd: string[];
  stdin: string | null;
  /** Seconds; null: the signal alone ends it. */
  timeout: number | null;
}

/** What it wrote comes with the exit code, or without one when its time was up. @throws AppError exec_failed, what starting throws; the signal's reason when it aborts. The process has ended in any case, unless the engine hangs */
export async function runCommand(engine: Engine, { container, cmd, stdin, timeout }: RunOptions, signal: AbortSignal): Promise<Result<'exec'>> {
  signal.throwIfAborted();
  const deadline = timeout === null ? null : AbortSignal.timeout(timeout * 1000);
  const over = deadline === null ? signal : anySignal(signal, deadline);
  const output = createOutput();
  try {
    const command = await startCommand(engine, { container, cmd, hasTerminal: false, hasInput: stdin !== null }, over);
    if (stdin !== null) void command.write(Buffer.from(stdin)).then(() => command.endInput());
    const exitCode = await attend(command, (bytes) => void output.write(bytes), over);
    return { exit_code: exitCode, ...output.result() };
  } catch (error) {
    if (deadline?.aborted !== true || error !== deadline.reason) throw error;
    return { exit_code: null, ...output.result() };
  }
}
