/** How long the usage of a minute is kept, on either host. */

const minutesKept = 7 * 24 * 60;

/** Minutes since the epoch: what is older is not told, and goes. */
export function oldestMinute(now: number): number {
  return Math.floor(now / 60_000) - minutesKept;
}

/** Once an hour: a row that is deleted costs as much as one that is written, but the search for it costs again each time. */
export function isPruneDue(minute: number): boolean {
  return minute % 60 === 0;
}
