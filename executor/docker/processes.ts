/**
 * Ends processes in a container which the engine would leave running: it has no call for that. The executor runs on the host, where every
 * process of a container has a number of its own; the cgroup tells whether a number still belongs to the container.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** ms between SIGHUP and SIGKILL. */
const grace = 2_000;

interface Session {
  /** Full id of the container. */
  container: string;
  /** Number on the host of the process that began the session, as every process of an exec does. */
  leader: number;
  /** Whether the engine says that the leader runs. Others of its session may outlive it. */
  isRunning: boolean;
}

/**
 * SIGHUP to every process of the session, and SIGKILL to those that are still there after two seconds. What has left the session, as a
 * daemon does, stays. @returns false when the host's processes cannot be seen or touched from here
 */
export async function hangUp(session: Session): Promise<boolean> {
  if (session.isRunning !== (await belongsTo(session.leader, session.container))) return !session.isRunning;
  try {
    await signal(session, 'SIGHUP');
    for (const deadline = performance.now() + grace; performance.now() < deadline; await sleep(50)) {
      if ((await processesOf(session)).length === 0) return true;
    }
    await signal(session, 'SIGKILL');
    return true;
  } catch (error) {
    if (codeOf(error) === 'EPERM') return false;
    throw error;
  }
}

async function signal(session: Session, name: 'SIGHUP' | 'SIGKILL'): Promise<void> {
  for (const pid of await processesOf(session)) {
    try {
      process.kill(pid, name);
    } catch (error) {
      // It has ended since we looked.
      if (codeOf(error) !== 'ESRCH') throw error;
    }
  }
}

async function processesOf({ leader, container }: Session): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const members = await Promise.all(pids.map(async (pid) => (await sessionOf(pid)) === leader && (await belongsTo(pid, container))));
  return pids.filter((_pid, index) => members[index]);
}

/** Null for a process that has ended, also where its parent has not asked after it yet. */
async function sessionOf(pid: number): Promise<number | null> {
  // `pid (name) state ppid pgrp session …`, where the name may hold anything, parentheses and spaces too.
  const stat = await read(pid, 'stat');
  const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === undefined || session === undefined || state === 'Z' || state === 'X' ? null : Number(session);
}

async function belongsTo(pid: number, container: string): Promise<boolean> {
  return (await read(pid, 'cgroup')).includes(container);
}

/** Empty when there is no such process. */
function read(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
