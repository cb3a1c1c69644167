/** One stream as its handler sees it: output under the reader's credit, input as it comes, and the moment when nobody is there any more. */
import type { StreamEnd } from '../../shared/protocol/messages.ts';
import type { StreamKind, StreamParams } from '../../shared/protocol/streams.ts';

export interface ExecutorStream {
  /** Bytes that may be written now: what the reader allows, less what still waits here. Never negative. */
  room(): number;
  /** Resolves as soon as there is room, or when `signal` aborts. */
  whenRoom(): Promise<void>;
  /** Send, in the order of writing. May exceed `room`: the rest waits, so a handler that never looks at `room` grows memory. */
  write(bytes: Uint8Array): void;
  /** What the reader sends. Its next credit is given when the promise of `onInput` has resolved. Set once, before the handler awaits anything. */
  onInput(take: (bytes: Uint8Array) => Promise<void>): void;
  /** The reader will send nothing more. */
  onInputEnd(take: () => void): void;
  onResize(take: (size: { cols: number; rows: number }) => void): void;
  /** The reader or the link is gone: whatever the handler started ends. */
  signal: AbortSignal;
}

/** Runs until the stream is over. What it resolves with, or the `AppError` it throws, is told after everything written has been sent. */
export type StreamHandler<K extends StreamKind> = (params: StreamParams<K>, stream: ExecutorStream) => Promise<StreamEnd>;

/** Total over the kinds: one without a handler does not compile. */
export type StreamHandlers = { [K in StreamKind]: StreamHandler<K> };
