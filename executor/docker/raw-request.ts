/**
 * A GET whose body is long and comes in small pieces. Over HTTP/1.1 the engine sends each log line as a chunk or two, and taking those apart costs Node three times what
 * the lines themselves do; an HTTP/1.0 reply is the plain bytes until the connection ends (docs/decisions/logs.md).
 */
import { connect } from 'node:net';

const endOfHead = '\r\n\r\n';
/** Where `200` stands in `HTTP/1.0 200 OK`. */
const statusAt = 9;

/** What is being read, one piece at a time: all connections share it, so that no stream, however fast, leaves anything behind to be collected. */
const piece = Buffer.allocUnsafeSlow(64 * 1024);

export interface BodyRequest {
  socketPath: string;
  path: string;
  signal?: AbortSignal | undefined;
  /** The bytes are there until it returns. Reading goes on when its promise has resolved, if it gives one. */
  onBytes: (bytes: Buffer) => Promise<void> | void;
}

/** Resolves at the end of the body. Rejects with an Error that has `statusCode` when the engine refuses and `code` when it is not there, with what `onBytes` throws, and when the signal aborts. */
export function readBody({ socketPath, path, signal, onBytes }: BodyRequest): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const head = createHead();
  /** What is being done with the bytes before. Whoever asked is told of an end when that is over. */
  let pause: Promise<void> | undefined;
  let hasFailed = false;
  const fail = (error: unknown) => {
    hasFailed = true;
    socket.destroy();
    if (pause === undefined) reject(error);
    else void pause.catch(() => undefined).then(() => reject(error));
  };
  const take = (length: number): boolean => {
    const bytes = head.status === 200 ? piece.subarray(0, length) : head.take(piece.subarray(0, length));
    pause = (bytes.length > 0 ? onBytes(bytes) : undefined) ?? undefined;
    pause?.then(() => {
      pause = undefined;
      socket.resume();
    }, fail);
    return pause === undefined;
  };
  const socket = connect({
    path: socketPath,
    onread: {
      buffer: piece,
      callback: (length) => {
        try {
          return take(length);
        } catch (error) {
          fail(error);
          return false;
        }
      },
    },
  });
  const stop = () => fail(new Error('no longer wanted', { cause: signal?.reason }));
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  socket.on('error', fail);
  socket.on('close', () => {
    signal?.removeEventListener('abort', stop);
    if (hasFailed) return;
    if (head.status === 200) resolve();
    else reject(head.refusal());
  });
  socket.write(`GET ${path} HTTP/1.0\r\nHost: docker${endOfHead}`);
  return promise;
}

const none: Buffer = Buffer.alloc(0);

function createHead() {
  let kept: Buffer = none;
  let status = 0;
  return {
    /** 0 before it has come. */
    get status() {
      return status;
    },
    /** What of it belongs to the body. */
    take(bytes: Buffer): Buffer {
      kept = Buffer.concat([kept, bytes]);
      const end = kept.indexOf(endOfHead);
      if (end < 0) return none;
      status = Number(kept.toString('latin1', statusAt, statusAt + 3));
      if (status !== 200) return none;
      const body = kept.subarray(end + endOfHead.length);
      kept = none;
      return body;
    },
    refusal(): Error {
      if (status === 0) return Object.assign(new Error('the connection ended without an answer'), { code: 'ECONNRESET' });
      return Object.assign(new Error(messageIn(kept)), { statusCode: status });
    },
  };
}

/** The engine's refusals are `{"message": "…"}`. */
function messageIn(reply: Buffer): string {
  const body = reply.subarray(reply.indexOf(endOfHead) + endOfHead.length).toString();
  return /"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? body.slice(0, 200);
}
