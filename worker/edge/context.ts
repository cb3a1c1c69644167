import { createClient } from '@libsql/client/web';
import { drizzle } from 'drizzle-orm/libsql/web';
import { readConfig } from '../config.ts';
import { createContext } from '../context.ts';
import type { Context } from '../services/context.ts';
import type { ExecutorClient, Log } from '../services/ports.ts';
import { edgeSockets } from './client-sockets.ts';
import type { Bindings } from './hub-rpc.ts';

/**
 * One per request: workerd ties a connection to the request that opened it, and the client keeps a queue of them. In a Durable Object, whose requests share one
 * I/O context, one for the life of the object.
 */
export function createEdgeContext(env: Bindings, executors: ExecutorClient, log: Log): Context {
  const config = readConfig('edge', env);
  const client = createClient({ url: config.databaseUrl, authToken: config.databaseToken, concurrency: 6 });
  return createContext({ config, db: { client, orm: drizzle(client, { casing: 'snake_case' }) }, executors, sockets: edgeSockets, log });
}
