/** `executor.pid`: two executors over one directory would be one identity acting twice. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** @returns the function that gives the directory free. @throws Error when another executor holds it */
export async function claimDirectory(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, 'executor.pid');
  const holder = await findExecutor(dir);
  if (holder !== undefined && holder !== process.pid) throw new Error(`start: the executor with process id ${holder} already works in ${dir}`);
  await writeFile(path, `${process.pid}\n`, { mode: 0o600 });
  return () => rm(path, { force: true });
}

/** The process id of the executor that works in the directory now. */
export async function findExecutor(dir: string): Promise<number | undefined> {
  const holder = Number(await readFile(join(dir, 'executor.pid'), 'utf8').catch(() => ''));
  return (await isExecutor(holder)) ? holder : undefined;
}

/** A process id is given out again after a restart of the host, so the number alone proves nothing. */
async function isExecutor(pid: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes('executor/main.ts');
}
