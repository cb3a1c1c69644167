import { createClient } from '@libsql/client/web';
import { drizzle } from 'drizzle-orm/libsql/web';
import { readClientNetwork } from '../client-network.ts';
import { readConfig, type Config } from '../config.ts';
import { createContext } from '../context.ts';
import type { Context } from '../services/context.ts';
import type { KeptTexts } from '../services/kept-texts.ts';
import type { LastUse } from '../services/last-use.ts';
import type { ExecutorClient, Log, RateLimiter } from '../services/ports.ts';
import { guarded } from '../store/guarded-client.ts';
import { edgeSockets } from './client-sockets.ts';
import type { Bindings } from './hub-rpc.ts';

interface Parts {
  executors: ExecutorClient;
  rateLimiter?: RateLimiter | null;
  goOn?: (work: Promise<unknown>) => void;
  lastUse?: LastUse;
  keptTexts?: KeptTexts;
  log: Log;
}

/**
 * One per request: workerd ties a connection to the request that opened it, and the client keeps a queue of them. In a Durable Object, whose requests share one
 * I/O context, one for the life of the object.
 */
export function createEdgeContext(env: Bindings, { executors, log, ...parts }: Parts): Context {
  const config = readConfig('edge', env);
  const client = guarded(createClient({ url: config.databaseUrl, authToken: config.databaseToken, concurrency: 6 }));
  return createContext({ config, db: { client, orm: drizzle(client, { casing: 'snake_case' }) }, executors, sockets: edgeSockets, networkOf: networkAtEdge(config), log, ...parts });
}

/** A Worker does not see the connection. Cloudflare writes the client's address over whatever the client has written there. */
function networkAtEdge({ trustedProxies }: Config): (request: Request) => string {
  return ({ headers }) => readClientNetwork(headers, { direct: headers.get('cf-connecting-ip') ?? 'unknown', trustedProxies });
}
