/** The seam between the hub and whatever holds its sockets: `ws` in Node, hibernating WebSockets in a Durable Object. */
import type { StreamEnd } from '../../shared/protocol/messages.ts';
import type { StreamKind } from '../../shared/protocol/streams.ts';
import type { FollowedDeployment, StreamHolder } from '../services/ports.ts';

/** What the hub knows of a connection. It lives with the socket (at the edge: its attachment), so hibernation loses nothing. */
export interface Session {
  server: string;
  epoch: number;
  /** The protocol version that was agreed on; 0 before hello. */
  protocol: number;
  /** Hello has been taken in: calls are sent to it. */
  isReady: boolean;
  /** It has been given up, whether or not its socket is closed yet. */
  isOver: boolean;
  /** The methods and streams it has, from hello; null where it is not known. */
  capabilities: string[] | null;
  /** What its server is, since when (ms since the epoch), and what made it so. */
  state: { status: 'online' | 'degraded'; since: number; reason: string | null };
  /** When the last message came, in ms since the epoch. */
  lastSeen: number;
  /** The last event taken in; a repeated one is acknowledged and dropped. */
  seq: number;
  /** The statuses of the last report, so that one that tells nothing new costs no database access. */
  picture: string;
  /** App id to percent of one core and MB. */
  usage: Record<string, [cpu: number, memory: number]>;
}

/** Of a connection that has been authenticated and has said nothing yet. */
export function createSession(server: string, epoch: number): Session {
  const now = Date.now();
  return { server, epoch, protocol: 0, isReady: false, isOver: false, capabilities: null, state: { status: 'degraded', since: now, reason: null }, lastSeen: now, seq: 0, picture: '', usage: {} };
}

export interface HubSocket {
  session: Session;
  /** When the host has last answered a ping by itself, in ms since the epoch; 0 before the first. Where pings reach the hub there is no need for it. */
  lastPing?(): number;
  /** Keep `session` as it is now. */
  remember(): void;
  send(message: string | Uint8Array): void;
  close(code: number, reason: string): void;
}

/** What the hub knows of a client that is connected with a stream: the routing table, kept with the client's socket. */
export interface ClientSession {
  server: string;
  app: string;
  kind: StreamKind;
  stream: number;
  /** Its text messages are control messages, not input. */
  hasControl: boolean;
  /** What its messages look like: as docs/protocol.md and the spec say, or text as it is. */
  wire: 'own' | 'text';
  /** Of a terminal as text: bytes of a character whose end has not come. */
  rest: number[];
  /** Bytes the executor still takes from the client. Zero until it has opened the stream. */
  inputCredit: number;
  /** Bytes of output that came and for which the executor has not been given new credit. */
  unreturned: number;
  /** Output has come to the middle of a line. */
  isCut: boolean;
  /** Numbered frames of the stream so far: those of input, and those of output. */
  framesPassed: number;
  framesTaken: number;
  /** The one deployment whose log it is, while the stream ends with it. */
  deployment: FollowedDeployment | null;
  /** The executor has told all that it has of the deployment, whose end is not known yet. */
  isDrained: boolean;
  /** Null where an earlier release has opened it: then it stays until it ends. */
  holder: StreamHolder | null;
}

/** Messages of a terminal are bytes, all others text. */
export function isBinary({ kind, wire }: ClientSession): boolean {
  return kind === 'exec' && wire === 'own';
}

export interface ClientSocket {
  session: ClientSession;
  /** Keep `session` as it is now. */
  remember(): void;
  /** Output: whole lines of text, or the bytes of the terminal (`isBinary`); as text, UTF-8 in whole characters. `taken` is called once the client has them, as far as the host can tell. @throws AppError slow_reader */
  send(bytes: Uint8Array, taken: () => void): void;
  /** The client has said something. */
  heard?(): void;
  /** The executor has the stream. */
  opened?(): void;
  /** The stream is over: what was sent still arrives. */
  end(end: StreamEnd): void;
}
