/**
 * A GET whose body is long and comes in small pieces. Over HTTP/1.1 the engine sends each log line as a chunk or two, and taking those apart costs Node three times what
 * the lines themselves do; an HTTP/1.0 reply is the plain bytes until the connection ends (docs/decisions/logs.md).
 */
import { connect, type Socket } from 'node:net';

const endOfHead = '\r\n\r\n';
/** Where `200` stands in `HTTP/1.0 200 OK`. */
const statusAt = 9;

/** @throws Error with `statusCode` when the engine refuses, with `code` when it is not there, and the signal's reason */
export async function* readBody(socketPath: string, path: string, signal?: AbortSignal): AsyncGenerator<Buffer, void> {
  signal?.throwIfAborted();
  const socket = connect(socketPath);
  const stop = () => socket.destroy(new Error('no longer wanted', { cause: signal?.reason }));
  signal?.addEventListener('abort', stop, { once: true });
  // Also when nobody is reading right now, an error is told to the next read, not to the process.
  socket.on('error', () => undefined);
  try {
    socket.write(`GET ${path} HTTP/1.0\r\nHost: docker${endOfHead}`);
    yield* bodyOf(socket);
  } finally {
    signal?.removeEventListener('abort', stop);
    socket.destroy();
  }
}

async function* bodyOf(socket: Socket): AsyncGenerator<Buffer, void> {
  let head: Buffer = Buffer.alloc(0);
  let status = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    if (status === 200) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(endOfHead);
    if (end < 0) continue;
    status = Number(head.toString('latin1', statusAt, statusAt + 3));
    if (status === 200 && head.length > end + endOfHead.length) yield head.subarray(end + endOfHead.length);
  }
  if (status === 0) throw Object.assign(new Error('the connection ended without an answer'), { code: 'ECONNRESET' });
  if (status !== 200) throw Object.assign(new Error(messageIn(head)), { statusCode: status });
}

/** The engine's refusals are `{"message": "…"}`. */
function messageIn(reply: Buffer): string {
  const body = reply.subarray(reply.indexOf(endOfHead) + endOfHead.length).toString();
  return /"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? body.slice(0, 200);
}
