/** What the processes of a system have written during one run, kept where somebody can look at it when the system is gone. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const names = ['api', 'executor'];

export interface ProcessLogs {
  /** @returns the file with what was written since. */
  keep(): Promise<string>;
}

export async function followLogs(dataDir: string, label: string): Promise<ProcessLogs> {
  const path = (name: string) => join(dataDir, 'logs', `${name}.log`);
  const begins = await Promise.all(names.map((name) => stat(path(name)).then(({ size }) => size, () => 0)));
  return {
    async keep() {
      const parts = await Promise.all(names.map(async (name, index) => `── ${name}\n${(await readFile(path(name)).catch(() => Buffer.alloc(0))).subarray(begins[index]).toString()}`));
      const kept = join(tmpdir(), `dockup-faults-${label}.log`);
      await writeFile(kept, parts.join(''));
      return kept;
    },
  };
}
