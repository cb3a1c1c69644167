/** One at a time per key, in the order of asking. */
export interface Locks {
  hold<T>(key: string, work: () => Promise<T>): Promise<T>;
}

export function createLocks(): Locks {
  const last = new Map<string, Promise<unknown>>();
  return {
    async hold(key, work) {
      const turn = (last.get(key) ?? Promise.resolve()).then(work);
      // Whoever is next starts however this one ends; the failure is its own caller's.
      const settled = turn.catch(() => undefined);
      last.set(key, settled);
      try {
        return await turn;
      } finally {
        if (last.get(key) === settled) last.delete(key);
      }
    },
  };
}
