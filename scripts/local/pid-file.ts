/**
 * Pid files that cannot lead to a stranger: beside the pid stands when that process began, so a number the system has given to
 * somebody else since is recognised.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export function writePidFile(path: string, pid: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${pid} ${beganAt(pid) ?? ''}\n`);
}

/** The process the file names, while it lives. */
export function readLivePid(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Without a file nothing was started.
    return undefined;
  }
  const [pid, began] = text.trim().split(' ');
  return pid !== undefined && began !== undefined && beganAt(Number(pid)) === began ? Number(pid) : undefined;
}

export function removePidFile(path: string): void {
  rmSync(path, { force: true });
}

/** Clock ticks from boot to the start of the process: field 22 of proc(5) stat, counted behind the name, which may hold spaces. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended and only waits to be counted.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
