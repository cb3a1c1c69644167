/**
 * Bulk bodies between two requests of Node's server, without web streams in between: those copy every chunk and leave so much behind that half of the time
 * of an upload, and most of its memory, was theirs.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { moveBytes } from '../../shared/move-bytes.ts';
import { passStream, replyHeaders, type PassBody } from '../hub/pipe.ts';

const senders = new WeakMap<ReadableStream, IncomingMessage>();
const replies = new WeakMap<Request, ServerResponse>();

/** Keeps what Node has of a request. Its body becomes a web stream that reads nothing before it is read. */
export function keepExchange(request: Request, { incoming, outgoing }: HttpBindings | Http2Bindings): void {
  // HTTP/1 alone is served, which the binding's types leave open.
  const [sender, reply] = [incoming as IncomingMessage, outgoing as ServerResponse];
  replies.set(request, reply);
  if (sender.method === 'GET' || sender.method === 'HEAD') return;
  let body: ReadableStream<Uint8Array> | undefined;
  Object.defineProperty(request, 'body', {
    get: () => {
      body ??= lazyStream(sender);
      senders.set(body, sender);
      return body;
    },
  });
}

/** Of the connection; undefined for a request that is not Node's. */
export function remoteAddressOf(request: Request): string | undefined {
  return replies.get(request)?.req.socket.remoteAddress;
}

function lazyStream(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        reader ??= (Readable.toWeb(incoming) as ReadableStream<Uint8Array>).getReader();
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** From the one socket to the other. A body or a request that is not Node's goes through a stream. */
export const passExchange: PassBody = (upload, request, signal) => {
  const [sender, reply] = [senders.get(upload.body), replies.get(request)];
  if (sender === undefined || reply === undefined) return passStream(upload, request, signal);
  reply.writeHead(200, { ...replyHeaders(upload), ...(upload.length !== null && { 'content-length': upload.length }) });
  reply.flushHeaders();
  return { response: RESPONSE_ALREADY_SENT, moved: moveBytes(sender, reply, signal) };
};
