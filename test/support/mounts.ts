import { readFileSync } from 'node:fs';
import { run } from '../../scripts/setup/run.ts';

/** Mount points at the folder or beneath it, the deepest first. */
function mountsUnder(dir: string): string[] {
  const points = readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1] ?? '');
  return points.filter((point) => point === dir || point.startsWith(`${dir}/`)).sort((a, b) => b.length - a.length);
}

export function isMountedUnder(dir: string): boolean {
  return mountsUnder(dir).length > 0;
}

/** Also what is still in use: it goes with its last user. */
export async function unmountAll(dir: string): Promise<void> {
  for (const point of mountsUnder(dir)) await run('umount', ['--lazy', point]);
}
