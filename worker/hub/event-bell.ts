/** Wakes those who wait for the next event of an app: a hint to look into the database, never a fact. */
import { Waiters } from './waiters.ts';

export class EventBell {
  /** By app, of what was announced in this life of the hub: an event announced between a look and the wait after it is not slept through. */
  readonly #newest = new Map<string, string>();
  readonly #waiters = new Waiters();

  ring(app: string, event: string): void {
    if (event > (this.#newest.get(app) ?? '')) this.#newest.set(app, event);
    this.#waiters.wake(app);
  }

  /** Resolves when something newer than `after` was announced, or after `timeout` ms. */
  wait(app: string, after: string, timeout: number): Promise<void> {
    return (this.#newest.get(app) ?? '') > after ? Promise.resolve() : this.#waiters.wait(app, timeout);
  }
}
