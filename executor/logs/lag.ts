/**
 * How far the reading of a log that is being written is behind. Of lines that come too late only the last of each handful is told, and the others are counted: that costs
 * so little that the reading catches up, and it leaves the processors to what else runs (docs/decisions/logs.md). Times in ms.
 */

/** Above this much lines are left out, until it is small again. */
const skimmingLag = 2_000;
const smallLag = 500;
/** Above this much the engine may lose lines without a word. */
const tolerableLag = 3_000;
/** What a reading gets to catch up before that counts. */
const catchUpTime = 5_000;

export class Lag {
  /** When the first line of this reading came that had not been told. */
  #began: number | null = null;
  #hasCaughtUp = false;
  #isSkimming = false;
  #skipped = 0;
  #last: (() => string) | null = null;

  /** Whether lines are to be left out, by `skip`. */
  get isSkimming(): boolean {
    return this.#isSkimming;
  }

  /** Whether none has been left out since `takeSkipped`. */
  get isEmpty(): boolean {
    return this.#last === null;
  }

  /** The engine begins to tell, from somewhere before the end. */
  begin(): void {
    this.#began = null;
    this.#hasCaughtUp = false;
  }

  /** The newest line is so late. Answers whether it is no use to go on: the reading has to begin anew. */
  note(late: number, now: number): boolean {
    this.#began ??= now;
    if (late > skimmingLag) this.#isSkimming = true;
    if (late < smallLag) [this.#isSkimming, this.#hasCaughtUp] = [false, true];
    return late > tolerableLag && (this.#hasCaughtUp || now - this.#began > catchUpTime);
  }

  end(): void {
    this.#isSkimming = false;
  }

  /** A line, which is encoded if it is to be told after all. */
  skip(encode: () => string): void {
    if (this.#last !== null) this.#skipped++;
    this.#last = encode;
  }

  /** Of the lines that were left out since it was asked last: the last one, encoded, and how many there were before it. */
  takeSkipped(): { count: number; last: string | null } {
    const skipped = { count: this.#skipped, last: this.#last?.() ?? null };
    this.#skipped = 0;
    this.#last = null;
    return skipped;
  }
}
