/** Streams as a test plays them at the executor's end of the link: nothing happens by itself but what `onOpen` does. */
import { decodeFrame, encodeFrame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { ExecutorMessage, HubMessage, StreamEnd } from '../../shared/protocol/messages.ts';

export interface FakeStream {
  id: number;
  kind: string;
  params: unknown;
  /** Bytes the hub still allows. Nothing here keeps to it: tests do. */
  credit: number;
  /** What the client has sent so far. */
  input: Buffer;
  isInputOver: boolean;
  sizes: { cols: number; rows: number }[];
  /** Closed by the hub. */
  isClosed: boolean;
  /** Says that the stream is there, and how much input it takes. */
  opened(credit?: number): void;
  write(data: string | Uint8Array): void;
  allow(bytes: number): void;
  close(end?: StreamEnd): void;
}

export type OnOpen = (stream: FakeStream) => void;

interface FakeStreams {
  all: readonly FakeStream[];
  take(message: HubMessage): void;
  takeFrame(encoded: Uint8Array): void;
}

export function createStreams(send: (message: ExecutorMessage | Buffer) => void, onOpen: OnOpen): FakeStreams {
  const all: FakeStream[] = [];
  const find = (id: number) => all.find((stream) => stream.id === id);
  const frame = (...args: Parameters<typeof encodeFrame>) => send(Buffer.from(encodeFrame(...args)));

  const open = ({ stream: id, kind, params, credit }: Extract<HubMessage, { type: 'open' }>): FakeStream => ({
    id,
    kind,
    params,
    credit,
    input: Buffer.alloc(0),
    isInputOver: false,
    sizes: [],
    isClosed: false,
    opened: (input = limits.streamWindow) => send({ type: 'opened', stream: id, credit: input }),
    write(data) {
      const bytes = Buffer.from(data);
      this.credit -= bytes.length;
      frame({ kind: 'data', stream: id, bytes });
    },
    allow: (bytes) => frame({ kind: 'credit', stream: id, bytes }),
    close: (end = {}) => send({ type: 'close', stream: id, ...end }),
  });

  return {
    all,
    take: (message) => {
      if (message.type === 'open') {
        const stream = open(message);
        all.push(stream);
        onOpen(stream);
      }
      if (message.type === 'resize') find(message.stream)?.sizes.push({ cols: message.cols, rows: message.rows });
      if (message.type === 'close') Object.assign(find(message.stream) ?? {}, { isClosed: true });
    },
    takeFrame: (encoded) => {
      const taken = decodeFrame(encoded);
      const stream = taken && find(taken.stream);
      if (taken === null || stream == null) throw new Error('the hub sent a frame of no stream');
      if (taken.kind === 'data') stream.input = Buffer.concat([stream.input, taken.bytes]);
      if (taken.kind === 'credit') stream.credit += taken.bytes;
      if (taken.kind === 'end') stream.isInputOver = true;
    },
  };
}
