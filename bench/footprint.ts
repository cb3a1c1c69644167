/** What Dockup takes when nobody asks anything of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dockup } from '../test/support/dockup.ts';
import { residentMegabytes } from './processes.ts';
import type { Figure } from './table.ts';

const settle = 10_000;

/**
 * Resident memory of API and executor after ten idle seconds; embedded host only (on one machine the edge host runs in a simulator). Of a start on existing
 * data: the first one also makes the proxy's image and the credentials, and keeps some 10 MB of that for a while.
 */
export async function benchMemory(dockup: Dockup): Promise<Figure[]> {
  await sleep(settle);
  const limits = [['api', 120], ['executor', 90]] as const;
  return Promise.all(
    limits.map(async ([name, limit]) => {
      const megabytes = await residentMegabytes(dockup, name);
      return { name: `idle memory, ${name}`, measured: `${megabytes.toFixed(0)} MB`, limit: `${limit} MB`, isMet: megabytes <= limit, note: 'VmRSS, 10 s after the second start' };
    }),
  );
}

/** Everything installed, second start on the same data: SIGTERM, then from the launcher's start to its ready line. */
export async function benchStart(dockup: Dockup): Promise<Figure> {
  await dockup.halt();
  const began = performance.now();
  await dockup.resume();
  const seconds = (performance.now() - began) / 1000;
  return { name: `npm start to ready, ${dockup.host} host`, measured: `${seconds.toFixed(1)} s`, limit: dockup.host === 'embedded' ? '3.0 s' : '-', isMet: dockup.host !== 'embedded' || seconds <= 3, note: 'everything installed' };
}
