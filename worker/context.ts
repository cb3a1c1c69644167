/** Everything a service may use, put together once per process (embedded), or per request and Durable Object (edge). Cheap: nothing is done yet. */
import { createIds } from './ids.ts';
import { createPasswords } from './auth/passwords.ts';
import { createSessionTokens } from './auth/session-tokens.ts';
import { createVault } from './auth/vault.ts';
import type { Config } from './config.ts';
import type { ExecutorClient, Log, RateLimiter, Sockets } from './services/ports.ts';
import type { Context } from './services/context.ts';
import { KeptTexts } from './services/kept-texts.ts';
import { LastUse } from './services/last-use.ts';
import { explainAbsence, offlineError } from './services/presence.ts';
import type { Db } from './store/db.ts';

interface Parts {
  config: Config;
  db: Db;
  executors: ExecutorClient;
  sockets: Sockets;
  /** Only a host that takes requests has these two. */
  rateLimiter?: RateLimiter | null;
  networkOf?: (request: Request) => string;
  /** Where a request's work ends with its reply unless the platform is told of it. */
  goOn?: (work: Promise<unknown>) => void;
  /** One for all requests of a process. */
  lastUse?: LastUse;
  /** One for all requests of a process. */
  keptTexts?: KeptTexts;
  log: Log;
  clock?: () => number;
}

export function createContext({ config, db, executors, sockets, rateLimiter = null, networkOf = () => 'unknown', goOn = () => undefined, lastUse = new LastUse(), keptTexts = new KeptTexts(), log, clock = Date.now }: Parts): Context {
  const context: Context = {
    config,
    db,
    executors: explainAbsence(executors, (serverId) => offlineError(context, serverId)),
    sockets,
    rateLimiter,
    networkOf,
    goOn,
    lastUse,
    keptTexts,
    log,
    requestId: null,
    clock,
    newId: createIds(clock),
    vault: createVault(config.encryptionKey),
    passwords: createPasswords(),
    sessionTokens: createSessionTokens(config.authSecret, config.sessionLife),
  };
  return context;
}
