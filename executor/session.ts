/** One WebSocket connection to the control plane, from the dial to the close. Who dials again and when is link.ts. */
import WebSocket, { type ClientOptions, type RawData } from 'ws';
import { limits } from '../shared/protocol/limits.ts';
import { parseHubMessage, pingText, pongText, type ExecutorMessage, type Hello, type HubMessage } from '../shared/protocol/messages.ts';
import { describeError } from './log.ts';
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
  silence?: number;
}

/** How a connection ended. `code` is an HTTP status of a refused upgrade, or the close code of the socket. */
export interface Ending {
  reason: string;
  code: number | null;
  /** ms that the far end had not been heard of by then. */
  silentFor?: number;
}

/** Dial, greet, and stay until the connection ends in whatever way. Never throws. */
export function runSession(options: SessionOptions): Promise<Ending> {
  return new Promise((resolve) => {
    const wishes: ClientOptions & { closeTimeout: number } = {
      headers: { authorization: `Bearer ${options.token}` },
      handshakeTimeout: options.helloTimeout ?? limits.helloTimeout,
      // Bytes on the wire; the limit of the protocol counts characters, of which UTF-8 needs up to three for one UTF-16 unit.
      maxPayload: limits.messageLength * 3,
      perMessageDeflate: false,
      // A far end that says it closes, and then does not.
      closeTimeout: farewellTimeout,
    };
    const socket = new WebSocket(options.url, wishes);
    const liveness = watchLiveness(socket, options, (reason) => end(reason, null));
    const end = (reason: string, code: number | null) => {
      clearTimeout(greeting);
      clearTimeout(farewell);
      options.signal.removeEventListener('abort', leave);
      socket.terminate();
      resolve({ reason, code, silentFor: liveness.stop() });
    };
    const greeting = setTimeout(() => end('no welcome in time', null), (options.helloTimeout ?? limits.helloTimeout) * 1.2);
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
    const take = (data: Buffer, isBinary: boolean) => {
      if (isBinary) return options.onFrame(data);
      const text = data.toString('utf8');
      if (text === pongText) return;
      const parsed = parseHubMessage(text);
      if (!parsed.ok) return options.onMalformed(parsed.reason);
      if (parsed.message.type !== 'welcome') return options.onMessage(parsed.message);
      clearTimeout(greeting);
      liveness.begin(parsed.message.protocol);
      options.onWelcome(parsed.message, { send, sendFrame: transmit, backlog: () => socket.bufferedAmount });
    };
    socket.on('message', (data, isBinary) => {
      try {
        take(bytesOf(data), isBinary);
      } catch (error) {
        // Thrown into the socket it would end the process (REL-05).
        options.onMalformed(describeError(error));
      }
    });
    socket.on('unexpected-response', (_request, response) => end(`upgrade refused with ${response.statusCode}`, response.statusCode ?? null));
    socket.on('error', (error) => end(reasonOf(error), null));
    socket.on('close', (code, reason) => end(reason.toString() || `closed with ${code}`, code));
    if (options.signal.aborted) leave();
  });
}

interface Liveness {
  /** From the welcome on: before it, the greeting has its own time. */
  begin(protocol: number): void;
  /** @returns ms since the far end was last heard of */
  stop(): number;
}

/** Pings at an interval, and takes any sign of the far end for life. A hub of version 3 is asked in text: where it sleeps, its runtime keeps the time of those alone. */
function watchLiveness(socket: WebSocket, options: Pick<SessionOptions, 'pingInterval' | 'silence'>, onSilence: (reason: string) => void): Liveness {
  const { pingInterval = limits.pingInterval, silence = limits.connectionSilence } = options;
  let heardAt = performance.now();
  let pings: NodeJS.Timeout | undefined;
  let alarm: NodeJS.Timeout | undefined;
  const hear = () => {
    heardAt = performance.now();
    alarm?.refresh();
  };
  socket.on('message', hear);
  socket.on('pong', hear);
  socket.on('ping', hear);
  return {
    begin: (protocol) => {
      pings ??= setInterval(() => {
        if (socket.readyState !== WebSocket.OPEN) return;
        if (protocol >= 3) socket.send(pingText);
        else socket.ping();
      }, pingInterval);
      alarm ??= setTimeout(() => onSilence(`no sign of life for ${silence / 1000} s`), silence);
    },
    stop: () => {
      clearInterval(pings);
      clearTimeout(alarm);
      return performance.now() - heardAt;
    },
  };
}

/** The error of an attempt on several addresses has no words of its own: the first one's then. */
function reasonOf(error: Error): string {
  return describeError(error instanceof AggregateError && error.message === '' ? error.errors[0] : error);
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
