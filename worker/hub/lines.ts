/** Frames end wherever the window does; messages to clients hold whole lines. Keeps what comes before the next newline. */
const newline = 0x0a;

export class Lines {
  #rest: Uint8Array = new Uint8Array();

  /** The whole lines there are now; may be none. */
  push(bytes: Uint8Array): Uint8Array {
    const end = bytes.lastIndexOf(newline) + 1;
    if (end === 0) {
      this.#rest = concat(this.#rest, bytes);
      return new Uint8Array();
    }
    const whole = concat(this.#rest, bytes.subarray(0, end));
    // A copy: the frame it came in is let go.
    this.#rest = bytes.slice(end);
    return whole;
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
