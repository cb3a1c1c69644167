/** A command in a running container: started, heard, spoken to, resized and ended. */
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import type { CommandNote, CommandNotes } from './command-notes.ts';
import { daemonMessage, statusOf, toAppError, type Engine } from './engine.ts';
import { hangUp } from './processes.ts';

export interface CommandOptions {
  /** Full id of the container. */
  container: string;
  cmd: string[];
  hasTerminal: boolean;
  hasInput: boolean;
}

export interface Size {
  cols: number;
  rows: number;
}

/**
 * The engine lets go of a terminal when it reads the detach keys, ctrl-p ctrl-q if not told otherwise, and holds back what could be their
 * beginning. It cannot be told to have none; these are never typed in a row, and their first is hardly typed at all.
 */
const detachKeys = Array.from({ length: 8 }, () => 'ctrl-^,ctrl-@').join(',');

/**
 * @throws AppError app_not_running, app_not_deployed, engine_error, engine_unreachable; the signal's reason when it aborts before the command has
 * started. A command that cannot be run is told by `exitCode`
 */
export async function startCommand(engine: Engine, options: CommandOptions, signal: AbortSignal): Promise<Command> {
  const { container, cmd, hasTerminal, hasInput } = options;
  try {
    const { id } = await engine.docker.getContainer(container).exec({ Cmd: cmd, Tty: hasTerminal, AttachStdin: hasInput, AttachStdout: true, AttachStderr: true, DetachKeys: detachKeys, abortSignal: signal });
    return await unlessOver(begin(engine, id, options), signal);
  } catch (error) {
    signal.throwIfAborted();
    const status = statusOf(error);
    if (status === 404) throw new AppError('app_not_deployed', { detail: 'The container is gone.', cause: error });
    if (status === 409) throw new AppError('app_not_running', { detail: daemonMessage(error), cause: error });
    throw toAppError('start command', error);
  }
}

async function begin(engine: Engine, id: string, options: CommandOptions): Promise<Command> {
  const { container, hasTerminal, hasInput } = options;
  const note = { exec: id, container };
  await engine.commands.begin(note);
  try {
    const connection = await engine.docker.getExec(id).start({ hijack: true, stdin: hasInput, Tty: hasTerminal });
    return new Command(engine, { note, connection, hasTerminal });
  } catch (error) {
    // An engine that refuses has started nothing; of one that went away nobody knows.
    await engine.commands.end(note, { hasEnded: statusOf(error) !== null });
    throw error;
  }
}

/** An engine that hangs starts the command all the same once it comes to it: what is late is ended. */
async function unlessOver(starting: Promise<Command>, signal: AbortSignal): Promise<Command> {
  const { promise: over, resolve } = Promise.withResolvers<null>();
  const stop = () => resolve(null);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    const command = await Promise.race([starting, over]);
    if (command !== null) return command;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  await endSoon(starting.then((late) => late.end(), () => undefined));
  throw signal.reason;
}

/** ms that an engine is waited for which does not say that a command has ended. */
const patience = 5_000;

/** Not longer than the engine is worth waiting for; the work goes on. It never rejects. */
export async function endSoon(work: Promise<void>): Promise<void> {
  await Promise.race([work, sleep(patience, undefined, { ref: false })]);
}

interface Started {
  note: CommandNote;
  connection: Duplex;
  hasTerminal: boolean;
}

export class Command {
  readonly #notes: CommandNotes;
  readonly #note: CommandNote;
  readonly #exec: Dockerode.Exec;
  readonly #connection: Duplex;
  readonly #hasTerminal: boolean;
  /** The first bytes of the output: where the engine says why a command could not be run. */
  #head = Buffer.alloc(0);
  #wantedSize: Size | null = null;
  #isResizing = false;

  constructor({ quick, commands }: Engine, { note, connection, hasTerminal }: Started) {
    this.#notes = commands;
    this.#note = note;
    this.#exec = quick.getExec(note.exec);
    this.#connection = connection;
    this.#hasTerminal = hasTerminal;
    // However the connection ends, what has become of the command is asked of the engine.
    connection.on('error', () => undefined);
  }

  /** Hand on the output, which of a command without a terminal is in frames, until there is no more. `take` may hold it up by what it returns. */
  read(take: (bytes: Buffer) => Promise<void> | undefined): Promise<void> {
    const connection = this.#connection;
    return new Promise((resolve) => {
      connection.once('end', resolve).once('close', resolve);
      if (connection.destroyed) resolve();
      connection.on('data', (bytes: Buffer) => {
        if (this.#head.length < 1024) this.#head = Buffer.concat([this.#head, bytes.subarray(0, 1024)]);
        const turn = take(bytes);
        if (turn === undefined) return;
        connection.pause();
        void turn.then(() => connection.resume());
      });
    });
  }

  /** Resolves when the engine has taken it, or is no longer there. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#connection.write(bytes, () => resolve()));
  }

  /** Nothing more will be written. */
  endInput(): void {
    this.#connection.end();
  }

  /** Of several sizes in a row the last one counts. Never rejects: a wrong size is not worth a command. */
  async resize(size: Size): Promise<void> {
    this.#wantedSize = size;
    if (this.#isResizing) return;
    this.#isResizing = true;
    // The engine answers 500 before the process is there, which takes it some tens of milliseconds.
    for (let attempt = 0; this.#wantedSize !== null && attempt < 100 && !this.#connection.destroyed; attempt++) {
      const { cols, rows }: Size = this.#wantedSize;
      const isDone = await this.#exec.resize({ w: cols, h: rows }).then(() => true, () => false);
      if (!isDone) await sleep(20);
      else if (this.#wantedSize.cols === cols && this.#wantedSize.rows === rows) this.#wantedSize = null;
    }
    this.#isResizing = false;
  }

  /** Waits for the end of the process, which may be later than that of its output. @throws AppError exec_failed when it never ran, app_not_running */
  async exitCode(signal: AbortSignal): Promise<number> {
    for (let wait = 10; ; wait = Math.min(wait * 2, 500)) {
      const { Running, ExitCode, Pid } = await this.#inspect(signal);
      if (!Running && ExitCode !== null) {
        await this.#notes.end(this.#note, { hasEnded: true });
        if (Pid === 0) throw this.#neverRan();
        return ExitCode;
      }
      await sleep(wait, undefined, { signal });
    }
  }

  /** Nobody waits for it any more: the engine would let it run, so it is ended here. Resolves when it is, or when that cannot be found out. */
  async end(): Promise<void> {
    let hasEnded = false;
    try {
      const leader = await this.#leader();
      const isGone = leader === null || (await hangUp({ container: this.#note.container, ...leader }));
      // Where the processes cannot be seen, the terminal's own way out is all there is: interrupt, and end of input.
      if (!isGone && this.#hasTerminal) await Promise.race([this.write(Buffer.from('\x03\x04')), sleep(500)]);
      hasEnded = true;
    } catch (error) {
      // The engine does not know the command any more; or it is away, and what is left is ended when it is back.
      hasEnded = error instanceof AppError && error.code === 'app_not_running';
    } finally {
      await this.#notes.end(this.#note, { hasEnded });
      this.#connection.destroy();
    }
  }

  /** Stop listening; the process goes on. */
  leave(): void {
    this.#connection.destroy();
    void this.#notes.end(this.#note, { hasEnded: false });
  }

  /** The process as the host knows it, waited for if it is only being started; null when it never ran. */
  async #leader(): Promise<{ leader: number; isRunning: boolean } | null> {
    for (const deadline = performance.now() + 10_000; performance.now() < deadline; await sleep(50)) {
      const { Running, ExitCode, Pid } = await this.#inspect();
      if (Pid > 0) return { leader: Pid, isRunning: Running };
      if (ExitCode !== null) return null;
    }
    throw new AppError('engine_error', { detail: 'The engine does not say whether the command has begun.' });
  }

  async #inspect(signal?: AbortSignal): Promise<Dockerode.ExecInspectInfo> {
    try {
      return await this.#exec.inspect({ abortSignal: signal });
    } catch (error) {
      if (statusOf(error) !== 404) throw toAppError('inspect command', error);
      throw new AppError('app_not_running', { detail: 'The container was replaced, or the engine restarted, before the command ended.', cause: error });
    }
  }

  #neverRan(): AppError {
    const words = this.#head.toString('utf8', this.#hasTerminal ? 0 : 8).trim() || 'the engine does not say why';
    // What a shell would give; the engine says 126 for either.
    const exitCode = /not found|no such file/.test(words) ? 127 : 126;
    return new AppError('exec_failed', { detail: `${words} (exit code ${exitCode})`, extra: { exit_code: exitCode } });
  }
}
