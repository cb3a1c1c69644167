/** Counts requests in windows of a minute, in the memory of one process (at the edge: of one isolate). */
import type { RateLimiter } from './services/ports.ts';

/** ms */
const windowLength = 60_000;

/** That is how many windows a generation holds; there are two. Whoever comes from more addresses than that in a minute is not held by a count of each. */
const generationSize = 10_000;

interface Window {
  /** ms since the epoch */
  end: number;
  count: number;
}

/** @param quota requests of one principal in a window */
export function createRateLimiter(quota: number): RateLimiter {
  // Nothing is ever taken out of a map: when the young one is full it becomes the old one, and the old one goes as a whole.
  let young = new Map<string, Window>();
  let old = new Map<string, Window>();

  function keep(principal: string, window: Window): Window {
    if (young.size >= generationSize) [old, young] = [young, new Map()];
    young.set(principal, window);
    return window;
  }

  function windowOf(principal: string, now: number): Window {
    const recent = young.get(principal);
    const known = recent ?? old.get(principal);
    // A clock that was set back ends it too.
    if (known === undefined || now >= known.end || known.end - now > windowLength) return keep(principal, { end: now + windowLength, count: 0 });
    return recent ?? keep(principal, known);
  }

  return {
    quota,
    windowSeconds: windowLength / 1000,
    count(principal, now) {
      const window = windowOf(principal, now);
      window.count++;
      return { isExceeded: window.count > quota, remaining: Math.max(0, quota - window.count), reset: Math.ceil((window.end - now) / 1000) };
    },
  };
}
