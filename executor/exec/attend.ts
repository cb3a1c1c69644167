import { endSoon, type Command } from '../docker/exec.ts';

type Take = Parameters<Command['read']>[0];

/** Hear a command to its end, and tell its exit code. When the signal aborts first, the process is ended, if the engine answers, and the signal's reason thrown. */
export async function attend(command: Command, take: Take, over: AbortSignal): Promise<number> {
  let ending: Promise<void> | undefined;
  const end = () => (ending = endSoon(command.end()).then(() => command.leave()));
  over.addEventListener('abort', end);
  if (over.aborted) end();
  try {
    await command.read(take);
    if (!over.aborted) return await command.exitCode(over);
  } catch (error) {
    if (!over.aborted) throw error;
  } finally {
    over.removeEventListener('abort', end);
    await ending;
    command.leave();
  }
  throw over.reason;
}
