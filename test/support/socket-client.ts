/** A WebSocket client of the public API. */
import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';

export interface SocketClient {
  socket: WebSocket;
  /** Text messages as strings, binary ones as buffers, oldest first. */
  messages: (string | Buffer)[];
  /** All of them as one text. */
  text(): string;
  closed: Promise<{ code: number; reason: string }>;
  send(data: string | Buffer): void;
  close(): Promise<void>;
}

interface Options {
  url: string;
  path: string;
  /** As `Authorization`. */
  token?: string;
  protocols?: string[];
  headers?: Record<string, string>;
}

/** Resolves once the upgrade is answered; a refused one is a socket that closes. */
export async function openSocket({ url, path, token, protocols = [], headers = {} }: Options): Promise<SocketClient> {
  // The close frame is the end; workerd may leave the connection beneath it open for 10 s more.
  const options: ClientOptions & { closeTimeout: number } = { perMessageDeflate: false, closeTimeout: 200, headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) } };
  const socket = new WebSocket(url.replace(/^http/, 'ws') + path, protocols, options);
  const messages: (string | Buffer)[] = [];
  socket.on('message', (data: Buffer, isBinary) => messages.push(isBinary ? data : data.toString()));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
  await once(socket, 'open');
  return {
    socket,
    messages,
    text: () => messages.map(String).join(''),
    closed,
    send: (data) => socket.send(data),
    close: async () => {
      socket.close();
      await closed;
    },
  };
}
