/** The far end of one stream of an executor, for tests of what writes to it: the real stream, read as fast as its credit allows. */
import { OpenStream } from '../../executor/streams/open-stream.ts';

export interface StreamReader {
  stream: OpenStream;
  /** What has been read so far. */
  text(): string;
  /** The whole lines of it. */
  lines(): string[];
  /** Read on: so many bytes more. */
  allow(bytes: number): void;
  /** As if the client had closed its connection. */
  leave(): void;
}

export function createReader({ room = 1_000_000 }: { room?: number } = {}): StreamReader {
  const read: Uint8Array[] = [];
  const drain = () => {
    while (stream.canSend) read.push(stream.takeFrame());
  };
  const stream = new OpenStream(1, room, {
    room: () => Infinity,
    onWritten: drain,
    onConsumed: () => undefined,
    onFailed: (_stream, error) => {
      throw error;
    },
  });
  const text = () => Buffer.concat(read).toString();
  return {
    stream,
    text,
    lines: () => text().split('\n').slice(0, -1),
    allow: (bytes) => {
      stream.allow(bytes);
      drain();
    },
    leave: () => stream.abandon(new Error('the reader is gone')),
  };
}
