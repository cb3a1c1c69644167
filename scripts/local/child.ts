/** A process of the local system: its log and its pid file in the data directory, its end watched. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lastLines } from '../setup/run.ts';
import { removePidFile, writePidFile } from './pid-file.ts';
import { killGroup, stopProcess } from './stop-process.ts';

interface ChildOptions {
  name: string;
  program: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  dataDir: string;
  /** Gets what it says to people. Without it, stdout goes into the log too. */
  onLine?: (line: string) => void;
}

export interface Child {
  readonly name: string;
  /** Resolves when it has ended, with what it ended with: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  readonly hasEnded: () => boolean;
  /** The end of its log, for the person who wants to know why. */
  lastLines(): Promise<string>;
  /** SIGTERM, and SIGKILL for what is left after `timeout` milliseconds. */
  stop(timeout: number): Promise<void>;
}

export function startChild({ name, program, args, env, dataDir, onLine }: ChildOptions): Child {
  const logPath = join(dataDir, 'logs', `${name}.log`);
  const pidPath = pidPathOf(dataDir, name);
  mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
  keepShort(logPath);
  const log = openSync(logPath, 'a', 0o600);
  // In its own process group: Ctrl+C reaches the launcher alone, which ends its children in order.
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', onLine ? 'pipe' : log, log] });
  closeSync(log);
  if (child.pid !== undefined) writePidFile(pidPath, child.pid);
  if (child.stdout && onLine) createInterface({ input: child.stdout }).on('line', onLine);

  let isOver = false;
  const ended = new Promise<string>((resolve) => {
    const finish = (how: string) => {
      isOver = true;
      removePidFile(pidPath);
      resolve(how);
    };
    child.on('exit', (code, signal) => {
      // Of its group: workerd is a child of what is started, and would go on holding the port.
      if (child.pid !== undefined) killGroup(child.pid);
      finish(signal ?? `exit code ${code}`);
    });
    child.on('error', (error) => finish(error.message));
  });

  return {
    name,
    ended,
    hasEnded: () => isOver,
    lastLines: async () => `The end of ${logPath}:\n${lastLines(await readFile(logPath, 'utf8').catch(() => ''), 15)}`,
    stop: async (timeout) => {
      if (child.pid !== undefined) await stopProcess(child.pid, timeout);
      await ended;
    },
  };
}

/** Bytes of a log that the next start moves aside; the one moved before goes. */
const longLog = 10 * 1024 * 1024;

function keepShort(path: string): void {
  if (existsSync(path) && statSync(path).size > longLog) renameSync(path, `${path}.1`);
}

/** Every process of the local system, in the order in which they are stopped. */
export const childNames = ['launcher', 'executor', 'api', 'database'] as const;

export function pidPathOf(dataDir: string, name: string): string {
  return join(dataDir, 'run', `${name}.pid`);
}
