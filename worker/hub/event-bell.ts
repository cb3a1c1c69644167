/** Wakes those who wait for the next event of an app: a hint to look into the database, never a fact. */
import { Waiters } from './waiters.ts';

/** Apps whose newest event is kept; a hub lives for months and apps come and go. */
const keptApps = 1_000;

export class EventBell {
  /** By app, the one that rang longest ago first: an event announced between a look and the wait after it is not slept through. */
  readonly #newest = new Map<string, string>();
  readonly #waiters = new Waiters();

  ring(app: string, event: string): void {
    this.#keep(app, event);
    this.#waiters.wake(app);
  }

  /** Whatever they wait for, they have to look. */
  ringAll(): void {
    this.#waiters.wakeAll();
  }

  /** Resolves when something newer than `after` was announced, or after `timeout` ms. */
  wait(app: string, after: string, timeout: number): Promise<void> {
    return (this.#newest.get(app) ?? '') > after ? Promise.resolve() : this.#waiters.wait(app, timeout);
  }

  #keep(app: string, event: string): void {
    const before = this.#newest.get(app) ?? '';
    this.#newest.delete(app);
    this.#newest.set(app, event > before ? event : before);
    // Whoever is just between look and wait sleeps until the next look: a hint is lost, no fact.
    const [oldest] = this.#newest.keys();
    if (this.#newest.size > keptApps && oldest !== undefined) this.#newest.delete(oldest);
  }
}
