/** Commands that nobody attends to: of an executor that was killed, or from before the engine went away. */
import type { CommandNote } from '../docker/command-notes.ts';
import { statusOf, type Engine } from '../docker/engine.ts';
import { hangUp } from '../docker/processes.ts';
import { describeError, type Log } from '../log.ts';

/** End them all. Never rejects: what cannot be ended now keeps its note. */
export async function endLeftovers(engine: Engine, log: Log): Promise<void> {
  const end = async (note: CommandNote) => {
    await endSession(engine, note);
    await engine.commands.end(note, { hasEnded: true });
  };
  try {
    await Promise.all((await engine.commands.left()).map(end));
  } catch (error) {
    log.warn('commands that were left in containers are not ended yet', { error: describeError(error) });
  }
}

async function endSession({ quick }: Engine, { exec, container }: CommandNote): Promise<void> {
  try {
    const { Pid, Running } = await quick.getExec(exec).inspect();
    if (Pid > 0) await hangUp({ container, leader: Pid, isRunning: Running });
  } catch (error) {
    // Its container is gone.
    if (statusOf(error) !== 404) throw error;
  }
}
