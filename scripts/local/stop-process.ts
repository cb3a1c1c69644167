import { setTimeout as sleep } from 'node:timers/promises';

/** SIGTERM to the process; what is left of its group after `timeout` milliseconds, or after its end, gets SIGKILL. */
export async function stopProcess(pid: number, timeout: number): Promise<void> {
  signal(pid, 'SIGTERM');
  for (const deadline = Date.now() + timeout; Date.now() < deadline && isAlive(pid); ) await sleep(25);
  // The group of a process that leads one: helpers it left behind end with it.
  killGroup(pid);
  signal(pid, 'SIGKILL');
}

/** What is left of the group of a process that led one; usually nothing. */
export function killGroup(leader: number): void {
  signal(-leader, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  return signal(pid, 0);
}

/** False when there is no such process any more, which is what every caller wants. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
