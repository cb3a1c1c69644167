/** When API keys were last used: noted in memory and written down together, so that no call waits for a write. What a crash forgets is a minute of it. */
import { noteKeyUse } from '../store/api-keys.ts';
import type { Db } from '../store/db.ts';

/** ms that a use waits at least. */
const interval = 60_000;

export class KeyUse {
  #used = new Map<string, number>();
  /** Of the first that is not written. */
  #since = 0;

  note(id: string, at: number): void {
    if (this.#used.size === 0) this.#since = at;
    this.#used.set(id, at);
  }

  /** Whether there is something that has waited long enough to be written. */
  isDue(now: number): boolean {
    return this.#used.size > 0 && now - this.#since >= interval;
  }

  async write(db: Db): Promise<void> {
    const used = this.#used;
    if (used.size === 0) return;
    this.#used = new Map();
    await noteKeyUse(db, used);
  }
}
