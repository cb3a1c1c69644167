/** Encoded lines on their way to a reader. When the reader is slower than the app, the oldest go and are counted (REL-17): memory stays flat and nobody waits. */
import { limits } from '../../shared/protocol/limits.ts';
import { encodeGap } from './encode.ts';

interface Batch {
  bytes: Buffer;
  lines: number;
}

export class LineQueue {
  readonly #limit: number;
  #batches: Batch[] = [];
  #size = 0;
  #open = '';
  #openLines = 0;
  /** Lines that were dropped in front of the first batch. */
  #dropped = 0;

  constructor(limit: number = limits.logBacklog) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0 && this.#openLines === 0 && this.#dropped === 0;
  }

  push(line: string): void {
    this.#open += line;
    this.#openLines++;
    // Lines come together in batches of a frame: what is small is passed on as one, and what is dropped goes in one piece.
    if (this.#open.length >= limits.streamFrame / 2) this.#seal();
  }

  /** So many lines are missing behind those that were pushed so far, before they ever came here. */
  pushGap(lines: number): void {
    this.#seal();
    this.#append({ bytes: Buffer.from(encodeGap(lines)), lines });
  }

  /** The next bytes to send, whole lines; null when there are none. */
  take(): Uint8Array | null {
    if (this.#dropped > 0) {
      const gap = Buffer.from(encodeGap(this.#dropped));
      this.#dropped = 0;
      return gap;
    }
    if (this.#batches.length === 0) this.#seal();
    const batch = this.#batches.shift();
    if (batch === undefined) return null;
    this.#size -= batch.bytes.length;
    return batch.bytes;
  }

  #seal(): void {
    if (this.#openLines === 0) return;
    this.#append({ bytes: Buffer.from(this.#open), lines: this.#openLines });
    this.#open = '';
    this.#openLines = 0;
  }

  #append(batch: Batch): void {
    this.#batches.push(batch);
    this.#size += batch.bytes.length;
    while (this.#size > this.#limit) {
      const oldest = this.#batches.shift();
      if (oldest === undefined) return;
      this.#size -= oldest.bytes.length;
      this.#dropped += oldest.lines;
    }
  }
}
