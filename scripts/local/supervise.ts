/** Keeps a process of the local system running. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './child.ts';

export interface Supervised {
  stop(timeout: number): Promise<void>;
}

/** Apps serve without either of API and executor, so the end of one is no reason to end everything: it is started again, after 1 s, 2 s, … 30 s. */
export function supervise(first: Child, start: () => Child, say: (line: string) => void): Supervised {
  const stopped = new AbortController();
  let current = first;

  async function watch(): Promise<void> {
    for (let delay = 1_000; !stopped.signal.aborted; delay = Math.min(2 * delay, 30_000)) {
      const began = Date.now();
      const how = await current.ended;
      if (stopped.signal.aborted) return;
      if (Date.now() - began > 60_000) delay = 1_000;
      say(`${first.name}: ended with ${how}; starting it again in ${delay / 1000} s. ${await current.lastLines()}`);
      // The only way this wait fails is the abort, which the loop looks at next.
      await sleep(delay, undefined, { signal: stopped.signal }).catch(() => {});
      if (!stopped.signal.aborted) current = start();
    }
  }
  const watching = watch();

  return {
    stop: async (timeout) => {
      stopped.abort();
      await current.stop(timeout);
      await watching;
    },
  };
}
