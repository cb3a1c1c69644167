/** Whoever waits for something to happen under a key, for a while. */
export class Waiters {
  readonly #waiters = new Map<string, Set<() => void>>();

  /** Resolves when `key` is woken, or after `timeout` ms. */
  wait(key: string, timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(key) ?? new Set();
      this.#waiters.set(key, waiters);
      const done = () => {
        clearTimeout(timer);
        waiters.delete(done);
        if (waiters.size === 0) this.#waiters.delete(key);
        resolve();
      };
      const timer = setTimeout(done, timeout);
      waiters.add(done);
    });
  }

  wakeAll(): void {
    for (const key of this.#waiters.keys()) this.wake(key);
  }

  wake(key: string): void {
    for (const done of this.#waiters.get(key) ?? []) done();
  }
}
