/** Frames end wherever the window does; messages to clients hold whole lines. Keeps what comes before the next newline. */
const newline = 0x0a;
const nothing = new Uint8Array();

export class Lines {
  #rest: Uint8Array = nothing;
  #isSkipping: boolean;

  /** @param isCut the beginning of a line has been lost: the rest of it is left out */
  constructor({ isCut }: { isCut: boolean }) {
    this.#isSkipping = isCut;
  }

  /** Bytes of a line whose end has not come. */
  get waiting(): number {
    return this.#rest.length;
  }

  /** The next byte is not the first of a line. */
  get isCut(): boolean {
    return this.#isSkipping || this.#rest.length > 0;
  }

  /** The whole lines there are now; may be none. `skipped`: a line that was cut has ended in front of them. */
  push(bytes: Uint8Array): { whole: Uint8Array; skipped: boolean } {
    if (!this.#isSkipping) return { whole: this.#take(bytes), skipped: false };
    const end = bytes.indexOf(newline) + 1;
    if (end === 0) return { whole: nothing, skipped: false };
    this.#isSkipping = false;
    return { whole: this.#take(bytes.subarray(end)), skipped: true };
  }

  #take(bytes: Uint8Array): Uint8Array {
    const end = bytes.lastIndexOf(newline) + 1;
    if (end === 0) {
      this.#rest = concat(this.#rest, bytes);
      return nothing;
    }
    const whole = concat(this.#rest, bytes.subarray(0, end));
    // A copy: the frame it came in is let go.
    this.#rest = bytes.slice(end);
    return whole;
  }
}

export function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
