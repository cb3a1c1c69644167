/**
 * A stream for code that reads it as bytes. Credit is given as the reader pulls. How the stream ended comes behind its last line, so that a
 * typed failure crosses the boundary of a Durable Object, where errors lose their class.
 */
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { StreamEnd } from '../../shared/protocol/messages.ts';
import type { GrantedStream, Refusal } from '../services/ports.ts';
import { toError } from './calls.ts';
import { createPipe } from './pipe.ts';
import type { ClientSocket } from './socket.ts';
import { newSession, type Streams } from './streams.ts';

export type Reading = { ok: true; body: ReadableStream<Uint8Array> } | Refusal;

const emptyLine = new TextEncoder().encode('\n');

/** Lines of JSON never hold this byte. */
const endMark = 0;

/** Resolves when the executor has opened the stream, or refused it. */
export function openReader(streams: Streams, server: string, { params, ...stream }: GrantedStream): Promise<Reading> {
  const { readable, writable } = createPipe();
  const writer = writable.getWriter();
  // A reader that goes away fails the writes; it is noticed by `closed`, once.
  const write = (bytes: Uint8Array, written = () => {}) => void writer.write(bytes).then(written, () => undefined);
  return new Promise((resolve) => {
    let isOpen = false;
    const open = () => {
      isOpen = true;
      resolve({ ok: true, body: readable });
    };
    const socket: ClientSocket = {
      session: newSession({ server, ...stream, hasControl: false }),
      remember: () => undefined,
      send: write,
      opened: open,
      end: (end) => {
        clearInterval(look);
        if (!isOpen && end.code !== undefined) {
          resolve({ ok: false, code: end.code, message: end.message ?? '' });
          // Nobody gets it to read.
          return void readable.cancel();
        }
        open();
        write(encodeEnd(end));
        writer.close().catch(() => undefined);
      },
    };
    // Nothing else tells that the reader is gone while the stream is quiet: at the edge the end of a request reaches the object with the next write only.
    const look = setInterval(() => write(emptyLine), limits.clientPingInterval);
    const over = () => {
      clearInterval(look);
      streams.closed(socket);
    };
    writer.closed.then(over, over);
    streams.open(socket, params);
  });
}

/** What `openReader` gave, without the end: a failure is an `AppError` again. */
export function unwrapReading(reading: Reading): ReadableStream<Uint8Array> {
  if (!reading.ok) throw toError(reading);
  const reader = reading.body.getReader();
  const read = async (): Promise<Uint8Array> => {
    const { done, value } = await reader.read();
    if (done) throw new Error('it ended without its end');
    return value;
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const bytes = await read();
          const mark = bytes.indexOf(endMark);
          if (mark !== 0) controller.enqueue(mark < 0 ? bytes : bytes.subarray(0, mark));
          if (mark >= 0) finish(controller, await readEnd(bytes.subarray(mark), read));
        } catch (cause) {
          controller.error(new AppError('executor_lost', { detail: 'The stream broke.', cause }));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    // Each pull answers a read: what is handed over is never dropped by the failure that follows it.
    { highWaterMark: 0 },
  );
}

function finish(controller: ReadableStreamDefaultController<Uint8Array>, { code, message }: StreamEnd): void {
  if (code === undefined) controller.close();
  else controller.error(new AppError(code, message === undefined ? {} : { detail: message }));
}

/** Between two marks, because the transport may cut it anywhere. */
function encodeEnd(end: StreamEnd): Uint8Array {
  return new TextEncoder().encode(`\0${JSON.stringify(end)}\0`);
}

async function readEnd(begin: Uint8Array, read: () => Promise<Uint8Array>): Promise<StreamEnd> {
  const decoder = new TextDecoder();
  let text = decoder.decode(begin, { stream: true });
  while (!text.endsWith('\0') || text.length === 1) text += decoder.decode(await read(), { stream: true });
  // Written by `encodeEnd`, of a message that the protocol's schema has read.
  return JSON.parse(text.slice(1, -1)) as StreamEnd;
}
