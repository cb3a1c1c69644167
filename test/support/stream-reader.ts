/** The far end of one stream of an executor, for tests of what writes to it: the real stream, read as fast as its credit allows. */
import { OpenStream } from '../../executor/streams/open-stream.ts';

export interface StreamReader {
  stream: OpenStream;
  /** The whole lines that have been read so far. */
  lines(): readonly string[];
  /** Read on: so many bytes more. */
  allow(bytes: number): void;
  /** As if the client had closed its connection. */
  leave(): void;
}

export function createReader({ room = 1_000_000 }: { room?: number } = {}): StreamReader {
  const decoder = new TextDecoder();
  const lines: string[] = [];
  let rest = '';
  const drain = () => {
    while (stream.canSend) {
      const whole = `${rest}${decoder.decode(stream.takeFrame().bytes, { stream: true })}`.split('\n');
      rest = whole.pop() ?? '';
      lines.push(...whole);
    }
  };
  const stream = new OpenStream(1, room, {
    room: () => Infinity,
    onWritten: drain,
    onConsumed: () => undefined,
    onFailed: (_stream, error) => {
      throw error;
    },
  });
  return {
    stream,
    lines: () => lines,
    allow: (bytes) => {
      stream.allow(bytes);
      drain();
    },
    leave: () => stream.abandon(new Error('the reader is gone')),
  };
}
