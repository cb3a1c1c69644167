import { setTimeout as sleep } from 'node:timers/promises';

/** What the promise brings, unless that takes longer than so many ms: then an error that says what was waited for. */
export async function within<T>(promise: Promise<T>, milliseconds: number, what: () => string): Promise<T> {
  const ended = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`not within ${milliseconds / 1000} s: ${what()}`);
  });
  // Aborted as soon as the promise is there: that rejection is nobody's.
  late.catch(() => undefined);
  return Promise.race([promise, late]).finally(() => ended.abort());
}
