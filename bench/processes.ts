/** The memory of the processes of a running Dockup. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dockup } from '../test/support/dockup.ts';

type ProcessName = 'api' | 'executor';

/** VmRSS. */
export async function residentMegabytes(dockup: Dockup, name: ProcessName): Promise<number> {
  const pid = (await readFile(join(dockup.dataDir, 'run', `${name}.pid`), 'utf8')).trim().split(/\s/)[0];
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** By how many MB each process has grown at its peak while `work` ran, looked at ten times a second. */
export async function growthDuring(dockup: Dockup, work: () => Promise<void>): Promise<Record<ProcessName, number>> {
  const names: ProcessName[] = ['api', 'executor'];
  const read = () => Promise.all(names.map((name) => residentMegabytes(dockup, name)));
  const before = await read();
  const peak = [...before];
  const look = async () => {
    for (const [index, now] of (await read()).entries()) peak[index] = Math.max(peak[index] ?? 0, now);
  };
  const timer = setInterval(() => void look(), 100);
  try {
    await work();
    await look();
  } finally {
    clearInterval(timer);
  }
  const [api = Number.NaN, executor = Number.NaN] = peak.map((most, index) => most - (before[index] ?? Number.NaN));
  return { api, executor };
}
