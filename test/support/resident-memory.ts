/** The memory of a control plane's processes. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** MB that the process which answers HTTP and all below it have resident: at the edge workerd is a child of its launcher. */
export async function residentMegabytes({ dataDir }: { dataDir: string }): Promise<number> {
  const root = Number((await readFile(join(dataDir, 'run/api.pid'), 'utf8')).split(' ')[0]);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const processes = new Map(await Promise.all(pids.map(async (pid) => [pid, await readStatus(pid)] as const)));
  const isBelow = (pid: number): boolean => pid === root || (pid > 1 && isBelow(processes.get(pid)?.parent ?? 0));
  return [...processes].reduce((sum, [pid, { kilobytes }]) => sum + (isBelow(pid) ? kilobytes : 0), 0) / 1024;
}

async function readStatus(pid: number): Promise<{ parent: number; kilobytes: number }> {
  // One that has ended meanwhile has neither.
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const figure = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { parent: figure('PPid'), kilobytes: figure('VmRSS') };
}
