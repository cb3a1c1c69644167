/** One client connected with one stream of the executor: output under the credit the client's reading earns, input under the executor's. */
import { ByteQueue } from '../../shared/byte-queue.ts';
import { AppError } from '../../shared/errors.ts';
import { isNext, type Frame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { HubMessage } from '../../shared/protocol/messages.ts';
import { readControl } from './exec-control.ts';
import { concat, Lines } from './lines.ts';
import { cutCharacters, toPlainLines } from './plain-text.ts';
import { isBinary, type ClientSocket } from './socket.ts';

/** The way to the executor. */
export interface Link {
  tell(message: HubMessage): void;
  pass(frame: Frame): void;
}

/** In place of a log line of which only the end is there. */
const gap = new TextEncoder().encode('{"dropped":1}\n');

/** Credit goes back in pieces of a quarter of the window: fewer frames, and the executor never runs dry for it. */
const creditStep = limits.streamWindow / 4;

export class ClientStream {
  readonly socket: ClientSocket;
  readonly #link: Link;
  /** Messages to clients of `exec` are the terminal's bytes, all others whole lines. */
  readonly #lines: Lines | null;
  /** Bytes that the client has and no credit was given for yet. */
  #taken = 0;
  readonly #input = new ByteQueue();
  #isInputOver = false;
  #isEndPassed = false;
  #awake: ReturnType<typeof setInterval> | undefined;
  #marking: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: ClientSocket, link: Link) {
    this.socket = socket;
    this.#link = link;
    this.#lines = socket.session.kind === 'exec' ? null : new Lines(socket.session);
  }

  /** Output. @throws AppError executor_lost when the executor sends more than it may, as only so much is kept for a client; and when frames are missing, or come twice */
  deliver({ bytes, number }: { bytes: Uint8Array; number?: number | undefined }): void {
    const { session } = this.socket;
    this.expect({ number });
    session.framesTaken++;
    session.unreturned += bytes.length;
    if (session.unreturned > limits.streamWindow) throw new AppError('executor_lost', { detail: 'The executor sent more than the stream allows.' });
    const { ready, done } = this.#cut(bytes);
    this.socket.remember();
    if (ready.length > 0) this.socket.send(ready, () => this.#giveCredit(done, creditStep));
    else this.#giveCredit(done, creditStep);
  }

  /** @throws AppError executor_lost when the next frame has another number */
  expect(frame: { number?: number | undefined }): void {
    if (!isNext(frame, this.socket.session.framesTaken)) throw new AppError('executor_lost', { detail: 'Frames were lost or doubled on the way.' });
  }

  /** After hibernation nobody will say that bytes were taken: those that are still owed count as taken. */
  settle(): void {
    this.#giveCredit(this.socket.session.unreturned, 1);
    this.#markSoon();
  }

  /** The executor takes so many bytes more. */
  allow(bytes: number): void {
    this.socket.session.inputCredit += bytes;
    this.#passInput();
  }

  /**
   * A message of the client: input, or a control message where the client has asked for those.
   * @throws AppError invalid_value for a control message that is none, slow_reader when more waits than is kept
   */
  receive(data: string | Uint8Array): void {
    this.socket.heard?.();
    const { kind, hasControl } = this.socket.session;
    if (kind !== 'exec' || this.#isInputOver) return;
    if (typeof data === 'string' && hasControl) return this.#control(data);
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    if (bytes.length === 0) return;
    this.#input.push(bytes);
    if (this.#input.length > this.socket.session.inputCredit + limits.streamWindow) {
      throw new AppError('slow_reader', { detail: `More than ${limits.streamWindow} bytes of input wait for the command to take them.` });
    }
    this.#passInput();
  }

  /** Of a log: what has been written by now is all that is wanted. */
  finish(): void {
    this.#isInputOver = true;
    this.#passInput();
  }

  /** Lines of text that are not the executor's. @throws AppError slow_reader */
  say(lines: string): void {
    this.socket.send(new TextEncoder().encode(lines), () => undefined);
  }

  /** Nothing more goes either way. */
  release(): void {
    this.#input.clear();
    clearInterval(this.#awake);
    clearTimeout(this.#marking);
  }

  /** What the client gets of these bytes, and how many of all that came are dealt with by it. */
  #cut(bytes: Uint8Array): { ready: Uint8Array; done: number } {
    const { session } = this.socket;
    if (this.#lines !== null) {
      const { ready, done } = this.#cutLines(this.#lines, bytes);
      return { ready: session.wire === 'text' && session.kind === 'logs' ? toPlainLines(ready) : ready, done };
    }
    if (isBinary(session)) return { ready: bytes, done: bytes.length };
    const { whole, rest } = cutCharacters(session.rest, bytes);
    session.rest = rest;
    return { ready: whole, done: bytes.length };
  }

  #cutLines(lines: Lines, bytes: Uint8Array): { ready: Uint8Array; done: number } {
    const { session } = this.socket;
    const before = lines.waiting;
    const { whole, skipped } = lines.push(bytes);
    // The rest of a line is in memory only: an object that has slept knows by this that it has lost one.
    session.isCut = lines.isCut;
    return { ready: skipped && session.kind === 'logs' ? concat(gap, whole) : whole, done: before + bytes.length - lines.waiting };
  }

  #control(text: string): void {
    const control = readControl(text);
    const { stream } = this.socket.session;
    if (control.type === 'resize') return this.#link.tell({ ...control, stream });
    this.#isInputOver = true;
    this.#passInput();
  }

  #passInput(): void {
    const { session } = this.socket;
    const before = session.framesPassed;
    while (this.#input.length > 0 && session.inputCredit > 0) {
      const bytes = this.#input.take(Math.min(limits.streamFrame, session.inputCredit));
      session.inputCredit -= bytes.length;
      this.#link.pass({ kind: 'data', stream: session.stream, bytes, number: session.framesPassed++ });
    }
    if (this.#input.length === 0 && this.#isInputOver && !this.#isEndPassed) {
      this.#isEndPassed = true;
      this.#link.pass({ kind: 'end', stream: session.stream, number: session.framesPassed++ });
    }
    this.socket.remember();
    this.#keepAwake();
    if (session.framesPassed > before) this.#markSoon();
  }

  /** A frame of input that is lost would be missed with the next one only, and a command that waits for it has nothing to say. */
  #markSoon(): void {
    const { session } = this.socket;
    clearTimeout(this.#marking);
    if (session.framesPassed > 0) this.#marking = setTimeout(() => this.#link.pass({ kind: 'mark', stream: session.stream, number: session.framesPassed }), limits.markDelay);
  }

  /** Input that waits is in memory only: a timer that runs keeps a Durable Object from hibernating meanwhile. */
  #keepAwake(): void {
    if (this.#input.length > 0) this.#awake ??= setInterval(() => undefined, 5_000);
    else {
      clearInterval(this.#awake);
      this.#awake = undefined;
    }
  }

  #giveCredit(bytes: number, step: number): void {
    this.#taken += bytes;
    if (this.#taken < step) return;
    const { session } = this.socket;
    this.#link.pass({ kind: 'credit', stream: session.stream, bytes: this.#taken });
    session.unreturned -= this.#taken;
    this.#taken = 0;
    this.socket.remember();
  }
}
