import { createClient } from '@libsql/client/web';
import { drizzle } from 'drizzle-orm/libsql/web';
import { readConfig } from '../config.ts';
import { createContext } from '../context.ts';
import type { Context } from '../services/context.ts';
import type { ExecutorClient, Log } from '../services/ports.ts';
import * as schema from '../store/schema.ts';
import type { HubObject } from './hub-object.ts';

/** What `wrangler.toml` binds. The variables are read by `config.ts`. */
export interface Bindings {
  HUB: DurableObjectNamespace<HubObject>;
  [variable: string]: unknown;
}

export async function createEdgeContext(env: Bindings, executors: ExecutorClient, log: Log): Promise<Context> {
  const config = readConfig('edge', env);
  const client = createClient({ url: config.databaseUrl, authToken: config.databaseToken, concurrency: 6 });
  return createContext({ config, db: { client, orm: drizzle(client, { schema, casing: 'snake_case' }) }, executors, log });
}
