/**
 * When a client counts as having taken what it was sent. workerd does not tell (`bufferedAmount` is missing, cloudflare/workerd#988): what lies in
 * its queue is the object's memory. So bytes count as taken at a fixed rate, and no client gets more than that.
 */
import { limits } from '../../shared/protocol/limits.ts';

/** ms by which a client may run ahead of the rate. */
const burst = 250;

export class Pace {
  /** When the last byte sent counts as taken. */
  #due = 0;

  count(bytes: number, taken: () => void): void {
    const now = Date.now();
    this.#due = Math.max(this.#due, now - burst) + (bytes * 1_000) / limits.blindRate;
    if (this.#due <= now) taken();
    else setTimeout(taken, this.#due - now);
  }
}
