/** Bytes in the order of writing, taken out in pieces of any size. Many small writes leave as one. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are taken already. */
  #offset = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** The next bytes, at most `count`. */
  take(count: number): Uint8Array {
    const first = this.#chunks[0];
    if (first !== undefined && first.length - this.#offset >= count) return this.#advance(first, count);
    const taken = new Uint8Array(Math.min(count, this.#length));
    let filled = 0;
    let whole = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(this.#offset, this.#offset + taken.length - filled);
      taken.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      if (this.#offset < chunk.length) break;
      whole++;
      this.#offset = 0;
    }
    this.#chunks.splice(0, whole);
    this.#length -= filled;
    return taken;
  }

  clear(): void {
    this.#chunks = [];
    this.#offset = 0;
    this.#length = 0;
  }

  #advance(first: Uint8Array, count: number): Uint8Array {
    const taken = first.subarray(this.#offset, this.#offset + count);
    this.#offset += taken.length;
    this.#length -= taken.length;
    if (this.#offset === first.length) {
      this.#chunks.shift();
      this.#offset = 0;
    }
    return taken;
  }
}
