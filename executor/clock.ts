/** Time as the executor tells it, and waiting, in a form that tests can replace. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since the epoch, strictly increasing: the `at` of every event, which orders facts about one app (REL-21). */
  stamp(): number;
  /** @throws the signal's reason when it aborts first */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export function createClock(): Clock {
  let last = 0;
  return {
    stamp: () => (last = Math.max(last + 1, Date.now())),
    sleep: async (milliseconds, signal) => {
      try {
        await delay(milliseconds, undefined, { signal });
      } catch {
        signal?.throwIfAborted();
      }
    },
  };
}
