import type { Method, Params } from '../../shared/protocol/calls.ts';
import type { Reading } from '../hub/reader.ts';
import type { CallOutcome, DeploymentEnd, GrantedStream, Presence, UsagePoint } from '../services/ports.ts';

/** What a Worker may ask of the Durable Object that holds an executor's socket. The object does not know its own name, so each call carries the server's id. */
export interface HubRpc extends Rpc.DurableObjectBranded {
  call<M extends Method>(server: string, method: M, params: Params<M>): Promise<CallOutcome<M>>;
  presence(server: string): Promise<Presence>;
  settled(server: string, deployment: string, timeout: number): Promise<void>;
  stream(server: string, request: GrantedStream): Promise<Reading>;
  history(server: string, app: string, since: number): Promise<UsagePoint[]>;
  forget(server: string): Promise<void>;
  announce(server: string, app: string, event: string): Promise<void>;
  awaitEvent(server: string, app: string, after: string, timeout: number): Promise<void>;
  lookAtRights(server: string, userId: string | null): Promise<void>;
  conclude(server: string, end: DeploymentEnd): Promise<void>;
  disconnect(server: string, code: number, reason: string): Promise<void>;
}

/** What `wrangler.toml` binds. The variables are read by `config.ts`. */
export interface Bindings {
  HUB: DurableObjectNamespace<HubRpc>;
  /** The files of the pages. */
  ASSETS: Fetcher;
  [variable: string]: unknown;
}
