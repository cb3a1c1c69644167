/** What a receiver accepts and how long it waits, in one table. Both ends read it; docs/protocol.md repeats it. */
export const limits = {
  /** Characters of one control message. Log replies are the largest. */
  messageLength: 8 * 1024 * 1024,
  /** Bytes of one WebSocket message that are read at all, as a Durable Object has it. Longer than `messageLength` costs the message, longer than this the connection. */
  frameLength: 32 * 1024 * 1024,
  /** ms between two pulses of a running call. */
  pulseInterval: 4_000,
  /** ms without an answer or a pulse after which a call is lost, whatever its length. */
  callSilence: 10_000,
  /** ms an executor has to dial back for a bulk transfer. */
  transferDial: 10_000,
  /** ms an executor has to say hello, and the hub to answer it. */
  helloTimeout: 10_000,
  /** s between two full reports. */
  reportInterval: 30,
  /** ms between two pings of the executor: two may be lost. At the edge the runtime answers them, so they cost nothing and wake nobody. */
  pingInterval: 8_000,
  /** ms without a sign of life after which either end takes the connection for cut, as it is when nothing says so: a server is offline within 30 s (REL-01). */
  connectionSilence: 24_000,
  /** The same for executors before version 3, whose pings the edge does not see: two of their reports were missed. */
  earlierSilence: 75_000,
  /** ms between two looks whether a client is still there. */
  clientPingInterval: 25_000,
  /** Events an executor keeps for a control plane that is away; the oldest status events go first, deployment outcomes never. */
  outboxLength: 1_000,
  /** Minutes of one app among them: 16 hours of 10 apps. The oldest go first, and before anything else. */
  outboxUsage: 10_000,
  /** Bytes of one stream frame: small enough that a control message never waits long behind one. */
  streamFrame: 64 * 1024,
  /** ms after which a stream that has become quiet is marked. */
  markDelay: 2_000,
  /** Bytes one side of a stream may send before the other has consumed any. */
  streamWindow: 256 * 1024,
  /** Bytes a second, and bytes without a word from the client, on a socket whose host cannot tell what has been taken (the edge). */
  blindRate: 1024 * 1024,
  blindTotal: 32 * 1024 * 1024,
  /** Bytes of one message of a client of a stream. */
  clientMessage: 1024 * 1024,
  /** Bytes that may lie in the socket of the link before stream frames wait: control messages overtake those that wait. */
  linkBacklog: 512 * 1024,
  /** Bytes of all streams together that may wait in the executor for the socket: with so many, none has room. */
  streamBacklog: 4 * 1024 * 1024,
  /** Streams open at once on one link. */
  streams: 1_000,
  /** Of them for one app: nobody takes all streams of a server that others share. */
  streamsPerApp: 200,
  /** Bytes of stdout, and of stderr, that a command's reply holds. */
  execOutput: 1024 * 1024,
  /** Bytes of log lines that wait for the reader of one stream; then the oldest are dropped. */
  logBacklog: 1024 * 1024,
  /** Characters of one log line in a reply; longer ones are cut and end in `…`. */
  logLineLength: 16 * 1024,
} as const;

/** WebSocket close codes of Dockup, 4000 + the HTTP status that means the same. */
export const closeCodes = {
  /** The other end broke the protocol in a way that cannot be answered: no hello, no welcome. */
  protocolError: 4400,
  unauthenticated: 4401,
  revoked: 4403,
  /** The other end gave no sign of life. */
  silent: 4408,
  /** A newer connection of the same server took over. */
  superseded: 4409,
  unavailable: 4503,
} as const;
