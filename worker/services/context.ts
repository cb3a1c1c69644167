import type { IdKind } from '../../shared/names.ts';
import type { Db } from '../store/db.ts';
import type { KeptTexts } from './kept-texts.ts';
import type { LastUse } from './last-use.ts';
import type { ExecutorClient, Log, Passwords, RateLimiter, SessionTokens, Sockets, Vault } from './ports.ts';

/** What the instance is set to, as far as the rules of the domain depend on it. */
interface Settings {
  host: 'embedded' | 'edge';
  publicUrl: string;
  baseDomain: string;
  isKeyRevealOn: boolean;
  /** Whether WebSockets take long-lived tokens as `?token=`; tickets they always take. */
  isUrlTokenOn: boolean;
  securityContact: string;
}

/** The first argument of every service. */
export interface Context {
  config: Settings;
  db: Db;
  executors: ExecutorClient;
  sockets: Sockets;
  /** Null where requests are not counted. */
  rateLimiter: RateLimiter | null;
  /** The network a request comes from: what those are counted for who do not say who they are. Of a request as it came in, not of a copy. */
  networkOf(request: Request): string;
  /** Work that nobody waits for, and that goes on when its request has been answered. It never rejects. */
  goOn(work: Promise<unknown>): void;
  lastUse: LastUse;
  keptTexts: KeptTexts;
  vault: Vault;
  passwords: Passwords;
  sessionTokens: SessionTokens;
  /** Of the request that all this is done for; null where there is none. */
  requestId: string | null;
  /** Milliseconds since the epoch. */
  clock(): number;
  newId(kind: IdKind): string;
  log: Log;
}
