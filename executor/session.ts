/** One WebSocket connection to the control plane, from the dial to the close. Who dials again and when is link.ts. */
import WebSocket, { type RawData } from 'ws';
import { limits } from '../shared/protocol/limits.ts';
import { parseHubMessage, type ExecutorMessage, type Hello, type HubMessage } from '../shared/protocol/messages.ts';
import type { StreamCarrier } from './streams/streams.ts';

export type Welcome = Extract<HubMessage, { type: 'welcome' }>;

/** ms that the far end has to answer our farewell: the process is to end within seconds, also when nobody is there any more. */
const farewellTimeout = 2_000;

export interface SessionOptions {
  url: string;
  token: string;
  hello: Hello;
  onWelcome: (welcome: Welcome, carrier: StreamCarrier) => void;
  onMessage: (message: Exclude<HubMessage, Welcome>) => void;
  /** A binary message. */
  onFrame: (encoded: Uint8Array) => void;
  /** Something that was sent has left. */
  onFlushed: () => void;
  /** A message that is not one of the protocol: told, and otherwise without consequence (REL-05). */
  onMalformed: (reason: string) => void;
  signal: AbortSignal;
  helloTimeout?: number;
  pingInterval?: number;
}

/** How a connection ended. `code` is an HTTP status of a refused upgrade, or the close code of the socket. */
export interface Ending {
  reason: string;
  code: number | null;
}

/** Dial, greet, and stay until the connection ends in whatever way. Never throws. */
export function runSession(options: SessionOptions): Promise<Ending> {
  return new Promise((resolve) => {
    const socket = new WebSocket(options.url, {
      headers: { authorization: `Bearer ${options.token}` },
      handshakeTimeout: options.helloTimeout ?? limits.helloTimeout,
      // Bytes on the wire; the limit of the protocol counts characters, of which UTF-8 needs up to three for one UTF-16 unit.
      maxPayload: limits.messageLength * 3,
      perMessageDeflate: false,
    });
    const end = (reason: string, code: number | null) => {
      clearTimeout(greeting);
      clearTimeout(farewell);
      stopHeartbeat();
      options.signal.removeEventListener('abort', leave);
      socket.terminate();
      resolve({ reason, code });
    };
    const greeting = setTimeout(() => end('no welcome in time', null), (options.helloTimeout ?? limits.helloTimeout) * 1.2);
    const stopHeartbeat = keepAlive(socket, options.pingInterval ?? limits.pingInterval, () => end('two pings without an answer', null));
    let farewell: NodeJS.Timeout | undefined;
    const leave = () => {
      farewell = setTimeout(() => end('no answer to the farewell', null), farewellTimeout);
      socket.close(1001, 'executor stops');
    };
    options.signal.addEventListener('abort', leave);

    const transmit = (data: string | Uint8Array) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data, options.onFlushed);
    };
    const send = (message: ExecutorMessage) => transmit(JSON.stringify(message));
    socket.on('open', () => send(options.hello));
    socket.on('message', (data, isBinary) => {
      if (isBinary) return options.onFrame(bytesOf(data));
      const parsed = parseHubMessage(textOf(data));
      if (!parsed.ok) return options.onMalformed(parsed.reason);
      if (parsed.message.type !== 'welcome') return options.onMessage(parsed.message);
      clearTimeout(greeting);
      options.onWelcome(parsed.message, { send, sendFrame: transmit, backlog: () => socket.bufferedAmount });
    });
    socket.on('unexpected-response', (_request, response) => end(`upgrade refused with ${response.statusCode}`, response.statusCode ?? null));
    socket.on('error', (error) => end(error.message, null));
    socket.on('close', (code, reason) => end(reason.toString() || `closed with ${code}`, code));
    if (options.signal.aborted) leave();
  });
}

/** Ping at an interval; the far end is gone when two in a row stay unanswered. @returns the function that stops it */
function keepAlive(socket: WebSocket, interval: number, onSilence: () => void): () => void {
  let unanswered = 0;
  socket.on('pong', () => (unanswered = 0));
  const timer = setInterval(() => {
    if (unanswered >= 2) return onSilence();
    if (socket.readyState !== WebSocket.OPEN) return;
    unanswered++;
    socket.ping();
  }, interval);
  return () => clearInterval(timer);
}

function textOf(data: RawData): string {
  return bytesOf(data).toString('utf8');
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
