/** A client's WebSocket over `ws`, connected with a stream of an executor. */
import type { WebSocket } from 'ws';
import { limits } from '../../shared/protocol/limits.ts';
import { closingOf } from '../hub/closing.ts';
import { isBinary, type ClientSession, type ClientSocket } from '../hub/socket.ts';
import { newSession, type Streams } from '../hub/streams.ts';
import type { GrantedStream } from '../services/ports.ts';
import { hasExecControl } from '../services/subprotocols.ts';

export function connectClient(streams: Streams, socket: WebSocket, server: string, { params, ...stream }: GrantedStream): void {
  const client = wrap(socket, newSession({ server, ...stream, hasControl: hasExecControl([socket.protocol]) }));
  socket.on('message', (data: Buffer, isBinary) => streams.receive(client, isBinary ? data : data.toString()));
  socket.on('close', () => streams.closed(client));
  watchLiveness(socket);
  streams.open(client, params);
}

function wrap(socket: WebSocket, session: ClientSession): ClientSocket {
  return {
    session,
    remember: () => undefined,
    // The callback comes when the bytes have left the process: the sum of what a slow reader leaves here is its window.
    send: (bytes, taken) => socket.send(bytes, { binary: isBinary(session) }, (error) => error == null && taken()),
    end: (end) => {
      const { text, code, reason } = closingOf(session, end);
      if (text !== null) socket.send(text);
      socket.close(code, reason);
    },
  };
}

/** A client that went without a word answers no ping. One that only reads slowly does neither, while its window lies before the ping: TCP ends that one. */
function watchLiveness(socket: WebSocket): void {
  let isAlive = true;
  socket.on('pong', () => (isAlive = true));
  const timer = setInterval(() => {
    if (!isAlive && socket.bufferedAmount === 0) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, limits.clientPingInterval);
  socket.on('close', () => clearInterval(timer));
}
