/**
 * The streams of one connection (docs/protocol.md). Each has credit of its own, and frames wait in their stream until the socket has
 * room, taking turns: a control message never stands behind more than `limits.linkBacklog`, and a reader that stalls holds up nobody else.
 */
import { AppError } from '../../shared/errors.ts';
import { decodeFrame, encodeFrame, numberedSince, type Frame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { protocolVersion, type ExecutorMessage, type HubMessage, type StreamEnd } from '../../shared/protocol/messages.ts';
import { isStreamKind, streamKinds, type StreamKind, type StreamParams } from '../../shared/protocol/streams.ts';
import { describeError, type Log } from '../log.ts';
import { RecentIds } from '../recent-ids.ts';
import { OpenStream } from './open-stream.ts';
import type { StreamHandlers } from './stream.ts';

/** The socket, as far as streams need it. */
export interface StreamCarrier {
  send(message: ExecutorMessage): void;
  sendFrame(frame: Uint8Array): void;
  /** Bytes that have been sent and not left yet. */
  backlog(): number;
}

export interface StreamsOptions {
  handlers: StreamHandlers;
  carrier: StreamCarrier;
  log: Log;
  /** What was agreed on for this connection. */
  protocol: number;
}

export type StreamMessage = Extract<HubMessage, { type: 'open' | 'resize' | 'close' }>;
type OpenMessage = Extract<HubMessage, { type: 'open' }>;

const openedKept = 10_000;

export class Streams {
  readonly #options: StreamsOptions;
  readonly #streams = new Map<number, OpenStream>();
  /** Numbers that were opened: an `open` that something between the ends brings again, late, starts nothing. */
  readonly #opened = new RecentIds<number>(openedKept);
  /** Those with frames to send, in the order of their turns. */
  readonly #ready = new Set<OpenStream>();
  /** Handlers at work, also those whose stream is over and who are still cleaning up. None of them rejects. */
  readonly #working = new Set<Promise<void>>();
  /** Bytes that wait in all streams. */
  #waiting = 0;
  #isFlushDue = false;
  readonly #marking: ReturnType<typeof setInterval> | undefined;

  constructor(options: StreamsOptions) {
    this.#options = options;
    if (options.protocol >= numberedSince) this.#marking = setInterval(() => this.#markQuiet(), limits.markDelay).unref();
  }

  take(message: StreamMessage): void {
    if (message.type === 'open') this.#open(message);
    else if (message.type === 'resize') this.#streams.get(message.stream)?.resize(message);
    else this.#abandon(message.stream, 'the reader is gone');
  }

  /** A binary message. @returns false for what is not a frame; one of a stream that is over is none the less one */
  receive(encoded: Uint8Array): boolean {
    const frame = decodeFrame(encoded);
    if (frame === null) return false;
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) return true;
    if (frame.kind === 'credit') {
      stream.allow(frame.bytes);
      this.#markReady(stream);
    } else this.#receiveInput(stream, frame);
    return true;
  }

  /** The socket has taken something: what waits may go. */
  flush(): void {
    const { carrier, protocol } = this.#options;
    for (const stream of this.#ready) {
      if (carrier.backlog() >= limits.linkBacklog) break;
      this.#ready.delete(stream);
      if (!stream.canSend) continue;
      const { bytes, number } = stream.takeFrame();
      this.#waiting -= bytes.length;
      carrier.sendFrame(encodeFrame({ kind: 'data', stream: stream.id, bytes, ...(protocol >= numberedSince && { number }) }));
      // To the end of the line: the loop comes to it again after the others.
      if (stream.canSend) this.#ready.add(stream);
      this.#closeIfDone(stream);
    }
    for (const stream of this.#streams.values()) stream.wake();
  }

  /** The connection is over. Resolves when every handler has cleaned up. */
  async end(): Promise<void> {
    clearInterval(this.#marking);
    for (const id of this.#streams.keys()) this.#abandon(id, 'the link is gone');
    await Promise.all(this.#working);
  }

  #open({ stream: id, kind, params, credit }: OpenMessage): void {
    const present = this.#streams.get(id);
    if (present === undefined && this.#opened.has(id)) return;
    this.#opened.add(id);
    try {
      if (present !== undefined) throw new AppError('invalid_value', { detail: `Stream ${id} is open already.` });
      if (this.#working.size >= limits.streams) throw new AppError('too_many_streams', { detail: `${limits.streams} streams are open.` });
      if (!isStreamKind(kind)) throw new AppError('unsupported_command', { detail: `This executor speaks protocol ${protocolVersion} and does not know the stream "${kind}".` });
      const checked = readParams(kind, params);
      const work = this.#run(kind, checked, this.#add(id, credit)).finally(() => this.#working.delete(work));
      this.#working.add(work);
    } catch (error) {
      // The far end takes the number for closed; so must we, also where it was in use.
      this.#abandon(id, 'the stream was opened twice');
      this.#sendClose(id, endOf(error));
    }
  }

  #add(id: number, credit: number): OpenStream {
    const stream = new OpenStream(id, credit, {
      room: () => limits.streamBacklog - this.#waiting,
      onWritten: (writer, bytes) => {
        this.#waiting += bytes;
        this.#markReady(writer);
      },
      onConsumed: (reader, bytes) => this.#options.carrier.sendFrame(encodeFrame({ kind: 'credit', stream: reader.id, bytes })),
      onFailed: (failed, error) => this.#fail(failed, error),
    });
    this.#streams.set(id, stream);
    this.#options.carrier.send({ type: 'opened', stream: id, credit: limits.streamWindow });
    return stream;
  }

  /** Never rejects: however the handler ends, the stream does. */
  async #run<K extends StreamKind>(kind: K, params: StreamParams<K>, stream: OpenStream): Promise<void> {
    try {
      stream.finish(await this.#options.handlers[kind](params, stream));
    } catch (error) {
      if (!(error instanceof AppError) && !stream.signal.aborted) this.#options.log.error('stream failed', { stream: stream.id, kind, error: describeError(error) });
      stream.finish(endOf(error));
    }
    this.#closeIfDone(stream);
  }

  #receiveInput(stream: OpenStream, frame: Exclude<Frame, { kind: 'credit' }>): void {
    try {
      stream.expect(frame);
      if (frame.kind === 'end') stream.receiveEnd();
      if (frame.kind === 'data') stream.receive(frame.bytes);
    } catch (error) {
      this.#fail(stream, error);
    }
  }

  #markQuiet(): void {
    for (const [stream, open] of this.#streams) {
      const number = open.takeMark();
      if (number !== null) this.#options.carrier.sendFrame(encodeFrame({ kind: 'mark', stream, number }));
    }
  }

  /** Several writes of one turn of the event loop leave in one frame. */
  #markReady(stream: OpenStream): void {
    if (!stream.canSend) return;
    this.#ready.add(stream);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.flush();
    });
  }

  #closeIfDone(stream: OpenStream): void {
    const end = stream.outcome;
    if (end === null || this.#streams.get(stream.id) !== stream) return;
    this.#streams.delete(stream.id);
    // Nobody reads what it might still be sent: its input ends here.
    stream.abandon(new Error('the stream is over'));
    this.#sendClose(stream.id, end);
  }

  #fail(stream: OpenStream, error: unknown): void {
    if (this.#streams.get(stream.id) !== stream) return;
    if (!(error instanceof AppError)) this.#options.log.error('stream failed', { stream: stream.id, error: describeError(error) });
    this.#abandon(stream.id, 'the stream failed');
    this.#sendClose(stream.id, endOf(error));
  }

  #abandon(id: number, reason: string): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    this.#ready.delete(stream);
    this.#waiting -= stream.waiting;
    stream.abandon(new Error(reason));
  }

  #sendClose(stream: number, end: StreamEnd): void {
    this.#options.carrier.send({ type: 'close', stream, ...end });
  }
}

function readParams<K extends StreamKind>(kind: K, given: unknown): StreamParams<K> {
  const parsed = streamKinds[kind].params.safeParse(given);
  // TypeScript does not follow that the schema is the one of this kind.
  if (parsed.success) return parsed.data as StreamParams<K>;
  const issue = parsed.error.issues[0];
  throw new AppError('invalid_value', { detail: `${kind}: ${issue?.path.join('.') || 'params'}: ${issue?.message ?? 'invalid'}` });
}

function endOf(error: unknown): StreamEnd {
  if (error instanceof AppError) return { code: error.code, message: error.message.slice(0, 2000) };
  return { code: 'internal_error', message: 'The executor failed; its log has the cause.' };
}
