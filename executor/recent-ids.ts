/** The newest ids that were seen, so that what comes again late is known, in memory that does not grow. */
export class RecentIds<T extends string | number> {
  readonly #ids = new Set<T>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  has(id: T): boolean {
    return this.#ids.has(id);
  }

  add(id: T): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > this.#most && oldest !== undefined) this.#ids.delete(oldest);
  }
}
