/** Bytes in the order of writing, taken out in pieces of any size. Many small writes leave as one. */

/** Bytes that small writes are gathered to: a queue of single bytes costs what one of blocks does. */
const blockLength = 16 * 1024;

export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are taken already. */
  #offset = 0;
  #length = 0;
  /** What the last chunk lies in, where small writes have been gathered; there may be room behind it. */
  #block: Uint8Array | undefined;

  get length(): number {
    return this.#length;
  }

  /** How many it is made of. */
  get pieces(): number {
    return this.#chunks.length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (!this.#gather(bytes)) this.#chunks.push(bytes);
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
    this.#took(filled);
    return taken;
  }

  clear(): void {
    this.#chunks = [];
    this.#offset = 0;
    this.#length = 0;
    this.#block = undefined;
  }

  /** Puts the bytes behind those of the last chunk, if both fit into a block. What lies in a block is never written again: it may be in a taker's hands. */
  #gather(bytes: Uint8Array): boolean {
    const last = this.#chunks.at(-1);
    if (last === undefined || last.length + bytes.length > blockLength) return false;
    if (this.#block === undefined || last.buffer !== this.#block.buffer) {
      this.#block = new Uint8Array(blockLength);
      this.#block.set(last);
    }
    this.#block.set(bytes, last.length);
    this.#chunks[this.#chunks.length - 1] = this.#block.subarray(0, last.length + bytes.length);
    return true;
  }

  #advance(first: Uint8Array, count: number): Uint8Array {
    const taken = first.subarray(this.#offset, this.#offset + count);
    this.#offset += taken.length;
    if (this.#offset === first.length) {
      this.#chunks.shift();
      this.#offset = 0;
    }
    this.#took(taken.length);
    return taken;
  }

  #took(bytes: number): void {
    this.#length -= bytes;
    // A queue that is empty holds nothing: there is one in every stream.
    if (this.#length === 0) this.#block = undefined;
  }
}
