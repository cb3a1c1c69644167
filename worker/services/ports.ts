/** What the services need of the world around them. Each host brings its own implementations; nothing here knows which. */
import type { ErrorCode } from '../../shared/errors.ts';
import type { Method, Params, Result } from '../../shared/protocol/calls.ts';

/** Usage of one app, from the last report: percent of one core, MB. */
export interface Usage {
  cpu: number;
  memory: number;
}

export interface Presence {
  isOnline: boolean;
  usage: Record<string, Usage>;
}

/** Reaches executors, wherever their sockets are held. */
export interface ExecutorClient {
  /** @throws AppError with the executor's own code, or `executor_offline` / `executor_lost` */
  call<M extends Method>(serverId: string, method: M, params: Params<M>): Promise<Result<M>>;
  presence(serverId: string): Promise<Presence>;
  /** Resolves when the deployment's final event has been taken in, or after `timeout` ms. */
  settled(serverId: string, deploymentId: string, timeout: number): Promise<void>;
  /** Close the executor's socket, if there is one. */
  disconnect(serverId: string, code: number, reason: string): Promise<void>;
  /** Answer a WebSocket upgrade whose sender has been authenticated. @throws AppError upgrade_required */
  accept(request: Request, serverId: string, epoch: number): Promise<Response>;
}

/** Seals secrets for the database. `purpose` binds a sealed text to its place: it opens nowhere else. */
export interface Vault {
  seal(text: string, purpose: string): Promise<string>;
  open(sealed: string, purpose: string): Promise<string>;
  /** Keyed, so that short values cannot be guessed from it. 12 hex digits. */
  fingerprint(text: string): Promise<string>;
}

export interface Passwords {
  hash(password: string): Promise<string>;
  verify(password: string, hash: string): Promise<boolean>;
}

export interface SessionTokens {
  issue(userId: string, now: number): Promise<{ token: string; expiresAt: number }>;
  /** @throws AppError invalid_token, token_expired */
  verify(token: string): Promise<{ userId: string }>;
}

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A failed call as it crosses a Durable Object's boundary, where error classes are lost. */
export type CallOutcome<M extends Method> = { ok: true; result: Result<M> } | { ok: false; code: ErrorCode; message: string };
