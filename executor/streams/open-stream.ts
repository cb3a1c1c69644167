/** One open stream: what it has to send and may send, and what its reader has sent and may send. */
import { ByteQueue } from '../../shared/byte-queue.ts';
import { AppError } from '../../shared/errors.ts';
import { isNext, type Frame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { StreamEnd } from '../../shared/protocol/messages.ts';
import type { ExecutorStream } from './stream.ts';

interface Owner {
  /** Bytes that all streams together may still put on the pile. */
  room(): number;
  onWritten(stream: OpenStream, bytes: number): void;
  /** So many bytes of input have been dealt with. */
  onConsumed(stream: OpenStream, bytes: number): void;
  /** What takes the input failed with this. */
  onFailed(stream: OpenStream, error: unknown): void;
}

/** What a reader allows beyond this counts for nothing: sums of credit stay small. */
const largestCredit = 0xffff_ffff;

export class OpenStream implements ExecutorStream {
  readonly id: number;
  readonly #owner: Owner;
  readonly #output = new ByteQueue();
  readonly #gone = new AbortController();
  #credit: number;
  #end: StreamEnd | null = null;
  #waiting: (() => void)[] = [];

  /** Bytes that the reader may send before any of it has been dealt with. */
  #inputCredit: number = limits.streamWindow;
  #input: Promise<void> = Promise.resolve();
  #isInputOver = false;
  /** Frames that came, and that went. */
  #framesTaken = 0;
  #framesSent = 0;
  /** Frames that had gone at the last look, and that a mark has told of. */
  #framesSeen = 0;
  #framesMarked = 0;
  #takeInput: (bytes: Uint8Array) => Promise<void> = () => Promise.resolve();
  #takeInputEnd: () => void = () => undefined;
  #takeResize: (size: { cols: number; rows: number }) => void = () => undefined;

  constructor(id: number, credit: number, owner: Owner) {
    this.id = id;
    this.#credit = Math.min(credit, largestCredit);
    this.#owner = owner;
  }

  // What a handler sees.

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  room(): number {
    return Math.max(0, Math.min(this.#credit - this.#output.length, limits.streamWindow - this.#output.length, this.#owner.room()));
  }

  whenRoom(): Promise<void> {
    if (this.room() > 0 || this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  write(bytes: Uint8Array): void {
    if (this.signal.aborted || this.#end !== null) return;
    this.#output.push(bytes);
    this.#owner.onWritten(this, bytes.length);
  }

  onInput(take: (bytes: Uint8Array) => Promise<void>): void {
    this.#takeInput = take;
  }

  onInputEnd(take: () => void): void {
    this.#takeInputEnd = take;
  }

  onResize(take: (size: { cols: number; rows: number }) => void): void {
    this.#takeResize = take;
  }

  // What the link sees.

  /** Bytes that wait here. */
  get waiting(): number {
    return this.#output.length;
  }

  get canSend(): boolean {
    return this.#output.length > 0 && this.#credit > 0;
  }

  /** How it ended, once everything written has been taken; null before. */
  get outcome(): StreamEnd | null {
    return this.#output.length === 0 ? this.#end : null;
  }

  /** The payload of the next frame, and its number. */
  takeFrame(): { bytes: Uint8Array; number: number } {
    const bytes = this.#output.take(Math.min(limits.streamFrame, this.#credit));
    this.#credit -= bytes.length;
    return { bytes, number: this.#framesSent++ };
  }

  /** The number of a mark, where one is due: nothing has gone since the last look, and what went before it has not been told of. */
  takeMark(): number | null {
    const isQuiet = this.#framesSent === this.#framesSeen;
    this.#framesSeen = this.#framesSent;
    if (!isQuiet || this.#framesMarked === this.#framesSent) return null;
    this.#framesMarked = this.#framesSent;
    return this.#framesSent;
  }

  /** @throws AppError executor_lost when it is not the frame that is due, or a mark says that another one is */
  expect(frame: { kind: Frame['kind']; number?: number | undefined }): void {
    if (!isNext(frame, this.#framesTaken)) throw new AppError('executor_lost', { detail: 'Frames of input were lost or doubled on the way.' });
    if (frame.kind !== 'mark') this.#framesTaken++;
  }

  allow(bytes: number): void {
    this.#credit = Math.min(this.#credit + bytes, largestCredit);
    this.wake();
  }

  /** Those who wait for room go on, if there is some. */
  wake(): void {
    if (this.#waiting.length === 0 || (this.room() === 0 && !this.signal.aborted)) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** @throws AppError invalid_value when the reader sends more than it may: only so much is kept here */
  receive(bytes: Uint8Array): void {
    if (this.#isInputOver || bytes.length === 0) return;
    if (bytes.length > this.#inputCredit) throw new AppError('invalid_value', { detail: `${bytes.length} bytes of input where ${this.#inputCredit} were allowed.` });
    this.#inputCredit -= bytes.length;
    this.#inOrder(async () => {
      await this.#takeInput(bytes);
      this.#inputCredit += bytes.length;
      if (!this.signal.aborted) this.#owner.onConsumed(this, bytes.length);
    });
  }

  receiveEnd(): void {
    if (this.#isInputOver) return;
    this.#isInputOver = true;
    this.#inOrder(() => this.#takeInputEnd());
  }

  resize(size: { cols: number; rows: number }): void {
    if (this.#end === null) this.#takeResize(size);
  }

  /** The handler is done: nothing more is written. */
  finish(end: StreamEnd): void {
    this.#end ??= end;
  }

  /** Nobody is there any more: what waits is dropped, and the handler hears of it. */
  abandon(reason: Error): void {
    this.#output.clear();
    this.#gone.abort(reason);
    this.wake();
  }

  #inOrder(take: () => Promise<void> | void): void {
    this.#input = this.#input
      .then(() => (this.signal.aborted ? undefined : take()))
      .catch((error: unknown) => this.#owner.onFailed(this, error));
  }
}
