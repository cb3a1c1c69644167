/** A command on a terminal, for as long as its reader is there (REL-19). */
import { AppError } from '../../shared/errors.ts';
import type { StreamEnd } from '../../shared/protocol/messages.ts';
import { anySignal } from '../any-signal.ts';
import type { Command, Size } from '../docker/exec.ts';
import type { ExecutorStream } from '../streams/stream.ts';
import { attend } from './attend.ts';

export interface Terminal {
  stream: ExecutorStream;
  size: Size;
  /** Seconds without a byte in either direction. */
  idleTimeout: number;
  start: (over: AbortSignal) => Promise<Command>;
}

/** Hours a terminal may be open, however busy. */
const longest = 12;

export async function runTerminal({ stream, size, idleTimeout, start }: Terminal): Promise<StreamEnd> {
  const watch = createWatch(idleTimeout);
  const over = anySignal(stream.signal, watch.signal);
  const starting = start(over);
  // What is typed at once must not meet a terminal that has no size yet.
  const sized = starting.then(async (command) => {
    await command.resize(size);
    return command;
  });
  // A command that could not be started is told below.
  sized.catch(() => undefined);
  stream.onInput(async (bytes) => {
    watch.touch();
    await (await sized).write(bytes);
  });
  // A terminal has no other end of input than its key for it, ctrl-d.
  stream.onInputEnd(() => void sized.then((command) => command.write(Buffer.of(4))).catch(() => undefined));
  stream.onResize((changed) => {
    size = changed;
    starting.then((command) => command.resize(changed)).catch(() => undefined);
  });
  try {
    const command = await starting;
    const take = (bytes: Uint8Array) => {
      watch.touch();
      stream.write(bytes);
      return stream.room() > 0 ? undefined : stream.whenRoom();
    };
    return { exit_code: await attend(command, take, over) };
  } catch (error) {
    return refusalOf(error);
  } finally {
    watch.stop();
  }
}

/** A command that never ran has an exit code none the less, as a shell would give it. */
function refusalOf(error: unknown): StreamEnd {
  if (!(error instanceof AppError) || error.code !== 'exec_failed') throw error;
  return { code: error.code, message: error.message.slice(0, 2000), exit_code: Number(error.extra['exit_code']) };
}

/** Aborts when nothing was touched for so many seconds, and when it has lasted too long in all. */
function createWatch(idleTimeout: number): { signal: AbortSignal; touch: () => void; stop: () => void } {
  const controller = new AbortController();
  const after = (milliseconds: number, detail: string) => setTimeout(() => controller.abort(new AppError('deadline_exceeded', { detail })), milliseconds);
  const idle = after(idleTimeout * 1000, `Nothing was said for ${idleTimeout} s, so the command was ended.`);
  const whole = after(longest * 3_600_000, `The command was ended after ${longest} hours.`);
  return {
    signal: controller.signal,
    touch: () => void idle.refresh(),
    stop: () => {
      clearTimeout(idle);
      clearTimeout(whole);
    },
  };
}
