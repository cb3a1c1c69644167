/** The seam between the hub and whatever holds the executor's socket: `ws` in Node, a hibernating WebSocket in a Durable Object. */

/** What the hub knows of a connection. It lives with the socket (at the edge: its attachment), so hibernation loses nothing. */
export interface Session {
  server: string;
  epoch: number;
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
  send(text: string): void;
  close(code: number, reason: string): void;
}
