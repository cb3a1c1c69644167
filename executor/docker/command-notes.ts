/** Notes of the commands that run in containers: the engine lets them run when the executor is killed, so that the next one has to know of them to end them. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../files.ts';

export interface CommandNote {
  /** The engine's id of the command. */
  exec: string;
  /** Full id of its container. */
  container: string;
}

/**
 * The whole note is the name of an empty file, which is there or is not. It is not synced to the disk: what a killed process has written stays with
 * the kernel, and a host that goes down takes the commands with it.
 */
export class CommandNotes {
  readonly #dir: string;
  /** Names of the files whose commands somebody of this process attends to. */
  readonly #attended = new Set<string>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Before the command is started. Never rejects: a full disk keeps nobody from the terminal in which to make room. */
  async begin(note: CommandNote): Promise<void> {
    this.#attended.add(nameOf(note));
    try {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      await writeFile(this.#pathOf(note), '', { mode: 0o600 });
    } catch {
      // Then it runs without.
    }
  }

  /** Nobody attends to the command any more: the note goes with it, or stays for the next look at what is left. Never rejects. */
  async end(note: CommandNote, { hasEnded }: { hasEnded: boolean }): Promise<void> {
    this.#attended.delete(nameOf(note));
    // One that cannot be removed names a command that the engine does not know any more.
    if (hasEnded) await rm(this.#pathOf(note), { force: true }).catch(() => undefined);
  }

  /** Of commands that may run and that nobody attends to. */
  async left(): Promise<CommandNote[]> {
    const names = await readdir(this.#dir).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return names.filter((name) => !this.#attended.has(name)).flatMap(toNote);
  }

  #pathOf(note: CommandNote): string {
    return join(this.#dir, nameOf(note));
  }
}

function nameOf({ exec, container }: CommandNote): string {
  return `${container}.${exec}`;
}

function toNote(name: string): CommandNote[] {
  const [, container, exec] = /^([0-9a-f]{64})\.([0-9a-f]{64})$/.exec(name) ?? [];
  return container === undefined || exec === undefined ? [] : [{ exec, container }];
}
