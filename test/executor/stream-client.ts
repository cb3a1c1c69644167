/** The far end of a stream: what a reader sends and gets, over the executor's own multiplexer. Only the socket is made up. */
import { decodeFrame, encodeFrame } from '../../shared/protocol/frames.ts';
import { protocolVersion, type ExecutorMessage, type StreamEnd } from '../../shared/protocol/messages.ts';
import type { StreamKind, StreamParams } from '../../shared/protocol/streams.ts';
import type { Log } from '../../executor/log.ts';
import type { StreamHandlers } from '../../executor/streams/stream.ts';
import { Streams } from '../../executor/streams/streams.ts';
import { eventually } from './host-fixture.ts';

export interface StreamClient {
  output(): Buffer;
  /** Resolves when the output holds the text. */
  sees(text: string): Promise<void>;
  send(bytes: Uint8Array | string): void;
  resize(cols: number, rows: number): void;
  /** Bytes that may be sent now. */
  allowed(): number;
  /** More credit, for one that was opened with little. */
  allow(bytes: number): void;
  /** The reader leaves. */
  close(): void;
  /** The link breaks. Resolves when every handler is done. */
  cut(): Promise<void>;
  ended: Promise<StreamEnd>;
}

interface Options {
  handlers: StreamHandlers;
  log: Log;
  /** Bytes; more come with every byte read, unless `isStalled`. */
  credit?: number;
  isStalled?: boolean;
}

export function openStream<K extends StreamKind>(kind: K, params: StreamParams<K>, { handlers, log, credit = 256 * 1024, isStalled = false }: Options): StreamClient {
  const stream = 7;
  const chunks: Buffer[] = [];
  let allowed = 0;
  const { promise: ended, resolve } = Promise.withResolvers<StreamEnd>();
  const streams = new Streams({
    protocol: protocolVersion,
    handlers,
    log,
    carrier: {
      backlog: () => 0,
      send(message: ExecutorMessage) {
        if (message.type === 'opened') allowed = message.credit;
        if (message.type !== 'close') return;
        const { type: _type, stream: _stream, ...end } = message;
        resolve(end);
      },
      sendFrame(encoded) {
        const frame = decodeFrame(encoded);
        if (frame?.kind === 'credit') allowed += frame.bytes;
        if (frame?.kind !== 'data') return;
        chunks.push(Buffer.from(frame.bytes));
        if (!isStalled) queueMicrotask(() => client.allow(frame.bytes.length));
      },
    },
  });
  const client: StreamClient = {
    output: () => Buffer.concat(chunks),
    sees: (text) => eventually(() => client.output().includes(text) || undefined).then(() => undefined),
    allowed: () => allowed,
    send(bytes) {
      allowed -= bytes.length;
      streams.receive(encodeFrame({ kind: 'data', stream, bytes: Buffer.from(bytes) }));
    },
    resize: (cols, rows) => streams.take({ type: 'resize', stream, cols, rows }),
    allow: (bytes) => void streams.receive(encodeFrame({ kind: 'credit', stream, bytes })),
    close: () => streams.take({ type: 'close', stream }),
    cut: () => streams.end(),
    ended,
  };
  streams.take({ type: 'open', stream, kind, params, credit });
  return client;
}
