/** The seam between the hub and whatever holds its sockets: `ws` in Node, hibernating WebSockets in a Durable Object. */
import type { StreamEnd } from '../../shared/protocol/messages.ts';
import type { StreamKind } from '../../shared/protocol/streams.ts';

/** What the hub knows of a connection. It lives with the socket (at the edge: its attachment), so hibernation loses nothing. */
export interface Session {
  server: string;
  epoch: number;
  /** The protocol version that was agreed on; 0 before hello. */
  protocol: number;
  /** Hello has been taken in: the connection counts as online. */
  isReady: boolean;
  /** When the last message came, in ms since the epoch. */
  lastSeen: number;
  /** The last event taken in; a repeated one is acknowledged and dropped. */
  seq: number;
  /** The statuses of the last report, so that one that tells nothing new costs no database access. */
  picture: string;
  /** App id to percent of one core and MB. */
  usage: Record<string, [cpu: number, memory: number]>;
}

export interface HubSocket {
  session: Session;
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
  /** Bytes the executor still takes from the client. Zero until it has opened the stream. */
  inputCredit: number;
  /** Bytes of output that came and for which the executor has not been given new credit. */
  unreturned: number;
  /** Output has come to the middle of a line. */
  isCut: boolean;
  /** Numbered frames of the stream so far: those of input, and those of output. */
  framesPassed: number;
  framesTaken: number;
}

export interface ClientSocket {
  session: ClientSession;
  /** Keep `session` as it is now. */
  remember(): void;
  /** Output: whole lines of text, or for `exec` the bytes of the terminal. `taken` is called once the client has them, as far as the host can tell. @throws AppError slow_reader */
  send(bytes: Uint8Array, taken: () => void): void;
  /** The client has said something. */
  heard?(): void;
  /** The executor has the stream. */
  opened?(): void;
  /** The stream is over: what was sent still arrives. */
  end(end: StreamEnd): void;
}
