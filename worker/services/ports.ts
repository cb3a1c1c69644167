/** What the services need of the world around them. Each host brings its own implementations; nothing here knows which. */
import type { ErrorCode } from '../../shared/errors.ts';
import type { Method, Params, Result } from '../../shared/protocol/calls.ts';
import type { StreamKind, StreamParams } from '../../shared/protocol/streams.ts';
import type { MinuteUsage } from '../../shared/protocol/usage.ts';
import type { DeploymentPhase } from '../../shared/status.ts';
import type { Actor } from './actor.ts';
import type { Action } from './permissions.ts';

/** Usage of one app, from the last report: percent of one core, MB. */
export interface Usage {
  cpu: number;
  memory: number;
}

export interface Presence {
  /** Calls reach the executor. */
  isConnected: boolean;
  /** What its server is, as far as the hub knows. */
  status: 'online' | 'degraded' | 'offline';
  /** When that began, in ms since the epoch, and what made it so; null where the hub does not remember. */
  since: number | null;
  reason: string | null;
  /** Of the connection there is, also before its hello. */
  epoch: number | null;
  usage: Record<string, Usage>;
}

/** Reaches executors, wherever their sockets are held. */
export interface ExecutorClient {
  /** An abort of `signal` tells the executor that nobody waits any more, on a host that hears when a client goes. @throws AppError with the executor's own code, or `executor_offline` / `executor_lost` */
  call<M extends Method>(serverId: string, method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>>;
  presence(serverId: string): Promise<Presence>;
  /** Resolves when the deployment's final event has been taken in, or after `timeout` ms. */
  settled(serverId: string, deploymentId: string, timeout: number): Promise<void>;
  /** Close the executor's socket, if there is one. */
  disconnect(serverId: string, code: number, reason: string): Promise<void>;
  /** Answer the WebSocket upgrade of an executor that has been authenticated. @throws AppError upgrade_required */
  accept(request: Request, serverId: string, epoch: number): Promise<Response>;
  /** Answer the WebSocket upgrade of a client whose right to the stream has been checked: its messages and the stream's frames are piped. */
  attach(request: Request, serverId: string, stream: GrantedStream): Promise<Response>;
  /** A stream's output as bytes, with back-pressure. Errors with an `AppError` when the stream fails; cancelling it closes the stream. */
  stream(serverId: string, stream: GrantedStream): Promise<ReadableStream<Uint8Array>>;
  /** A call with a bulk body, which the executor fetches by dialling back. `length` is its bytes, if known. @throws AppError as `call`; upload_interrupted when the body breaks */
  upload<M extends TransferMethod>(serverId: string, method: M, params: WithoutTransfer<M>, body: ReadableStream<Uint8Array>, length?: number | null): Promise<Result<M>>;
  /** A call whose bulk answer the executor brings by dialling back. Rejects when it fails before the first byte. @throws AppError as `call` */
  download<M extends TransferMethod>(serverId: string, method: M, params: WithoutTransfer<M>): Promise<ReadableStream<Uint8Array>>;
  /** The executor dials back: GET fetches the body of an `upload`, POST brings the one of a `download`. @throws AppError transfer_not_found */
  transfer(serverId: string, transferId: string, request: Request): Promise<Response>;
  /** What an app used in each minute from `since` (minutes since the epoch) on, oldest first. */
  history(serverId: string, appId: string, since: number): Promise<UsagePoint[]>;
  /** The server is gone, and with it what was kept of it outside the database. */
  forget(serverId: string): Promise<void>;
  /** Something has been written to the events of an app: wakes those who wait. `eventId` is the newest. */
  announce(serverId: string, appId: string, eventId: string): Promise<void>;
  /** Resolves when an event newer than `after` was announced, or after `timeout` ms: a hint to look, never a fact. */
  awaitEvent(serverId: string, appId: string, after: string, timeout: number): Promise<void>;
  /** The user, or with null anybody, may have lost a right: streams end that are no longer theirs, and whoever waits for an event looks as well. */
  lookAtRights(serverId: string, userId: string | null): Promise<void>;
  /** A deployment has ended: whoever follows its log alone gets what was written until then, and no more. */
  conclude(serverId: string, end: DeploymentEnd): Promise<void>;
}

export interface DeploymentEnd {
  app: string;
  /** Null: all that the app still has, because it is gone. */
  deployment: string | null;
  status: 'succeeded' | 'failed' | 'cancelled';
  /** ms since the epoch. */
  at: number;
  message: string;
}

/** The one deployment whose log a stream is of. */
export interface FollowedDeployment {
  id: string;
  phase: DeploymentPhase;
  /** The client is told what it does, between the lines of text, and the stream ends with it. Else the stream ends with a failure alone: what has succeeded writes on. */
  isTold: boolean;
  /** What the client is told first: lines of text. */
  begun: string;
  /** Where it has ended. */
  end: DeploymentEnd | null;
}

/** What a client asks to be connected with. The kind and its params belong together (`streamKinds`). */
export interface StreamRequest<K extends StreamKind = StreamKind> {
  kind: K;
  app: string;
  params: StreamParams<K>;
  /** `text`: the client takes and sends text and nothing else, whatever subprotocol it offers. */
  wire?: 'text';
  /** That `params` name, unless it goes on without it. */
  deployment?: FollowedDeployment | undefined;
}

/** One that somebody has the right to. */
export interface GrantedStream<K extends StreamKind = StreamKind> extends StreamRequest<K> {
  holder: StreamHolder;
}

/** Who has opened a stream, with which token, and what they had to have a right to. */
export interface StreamHolder {
  userId: string;
  via: Actor['via'];
  tokenId: string;
  actions: readonly Action[];
}

/** Methods whose params name a transfer. */
export type TransferMethod = 'load_image' | 'upload' | 'read_volume' | 'write_volume';
export type WithoutTransfer<M extends TransferMethod> = Omit<Params<M>, 'transfer'>;

/** One minute of one app: pairs are average and maximum, in and out, read and written. */
export type UsagePoint = Omit<MinuteUsage, 'app'> & { minute: number };

/** Where the hub keeps the history of its server: a table on the embedded host, the object's own storage at the edge. Rows older than 7 days go. */
export interface UsageHistory {
  /** The same minute again replaces what was there. */
  put(serverId: string, minute: number, apps: MinuteUsage[]): Promise<void>;
  read(serverId: string, appId: string, since: number): Promise<UsagePoint[]>;
  /** All of a server. */
  drop(serverId: string): Promise<void>;
}

/** What a WebSocket upgrade that is refused gets: a socket that closes at once and says why, because clients cannot read a refused upgrade. */
export interface Sockets {
  /** Null where the request turns out to be no whole upgrade: it is answered like any other. */
  refuse(request: Request, code: number, reason: string): Promise<Response | null>;
}

/** Seals secrets for the database. `purpose` binds a sealed text to its place: it opens nowhere else. */
export interface Vault {
  seal(text: string, purpose: string): Promise<string>;
  open(sealed: string, purpose: string): Promise<string>;
  /** Keyed, so that short values cannot be guessed from it. 12 hex digits. */
  fingerprint(text: string): Promise<string>;
}

/** Holds everybody to so many requests in a window. Kept in memory: it costs a request next to nothing, and counts within one process only. */
export interface RateLimiter {
  /** Requests of one principal in a window. */
  readonly quota: number;
  readonly windowSeconds: number;
  /** Counts one request. `reset`: seconds until the window ends; `now` in ms. */
  count(principal: string, now: number): { isExceeded: boolean; remaining: number; reset: number };
}

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Without a hash to verify against it takes as long, and no password is right. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

export interface SessionTokens {
  issue(session: { id: string; userId: string }, now: number): Promise<{ token: string; expiresAt: number }>;
  /** Whether the session has been ended is not looked at. @throws AppError invalid_token, token_expired */
  verify(token: string, now: number): Promise<{ sessionId: string }>;
}

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A failed call as it crosses a Durable Object's boundary, where error classes are lost. */
export type CallOutcome<M extends Method> = { ok: true; result: Result<M> } | Refusal;

export interface Refusal {
  ok: false;
  code: ErrorCode;
  message: string;
  /** Protocol version that the executor has to speak, with `unsupported_command`. */
  minimum?: number;
}
