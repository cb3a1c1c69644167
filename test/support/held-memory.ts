/** What this process holds, apart from what the collector has not come round to yet: a figure that does not depend on its moods. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes, once all garbage is gone. */
export function heldMemory(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('the collector cannot be called');
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
