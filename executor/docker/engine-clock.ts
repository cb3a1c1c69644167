/** By how much the engine's clock differs from this process's: an engine in a virtual machine has one of its own, which may be seconds off after a sleep. */
export class EngineClock {
  /** ms that the engine's is ahead. */
  #ahead = 0;

  /** What it said its time was, asked and answered at these moments of ours. */
  note(systemTime: string, asked: number, answered: number): void {
    const ahead = Date.parse(systemTime) - (asked + answered) / 2;
    // What may as well be the time that the answer took is none.
    this.#ahead = Math.abs(ahead) > 500 + (answered - asked) ? ahead : 0;
  }

  /** Now, as the engine would say. */
  now(): number {
    return Date.now() + this.#ahead;
  }
}
