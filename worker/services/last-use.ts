/** When API keys and sessions were last used: noted in memory and written down together, so that no call waits for a write. What a crash forgets is a minute of it. */
import type { Db } from '../store/db.ts';
import { noteLastUse } from '../store/last-use.ts';

/** ms that a use waits at least. */
const interval = 60_000;

export class LastUse {
  #used = nothing();
  /** Of the first that is not written. */
  #since = 0;

  note(via: 'session' | 'api_key', id: string, at: number): void {
    if (this.#isEmpty()) this.#since = at;
    this.#used[via === 'session' ? 'sessions' : 'keys'].set(id, at);
  }

  /** Whether there is something that has waited long enough to be written. */
  isDue(now: number): boolean {
    return !this.#isEmpty() && now - this.#since >= interval;
  }

  async write(db: Db): Promise<void> {
    if (this.#isEmpty()) return;
    const used = this.#used;
    this.#used = nothing();
    await noteLastUse(db, used);
  }

  #isEmpty(): boolean {
    return this.#used.keys.size + this.#used.sessions.size === 0;
  }
}

function nothing(): Record<'keys' | 'sessions', Map<string, number>> {
  return { keys: new Map(), sessions: new Map() };
}
