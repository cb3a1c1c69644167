/** `npm run migrate`: prepares the database of the edge host, which cannot do it itself, and makes its first administrator. */
import { createClient } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import { prepareDatabase } from '../worker/embedded/prepare.ts';
import { readAdministrator, readConfig, readEmbeddedConfig } from '../worker/config.ts';
import { createContext } from '../worker/context.ts';
import { createLog } from '../worker/log.ts';
import { noExecutors, noSockets } from '../worker/services/no-executors.ts';

const config = readConfig('edge', process.env);
const client = createClient({ url: config.databaseUrl, authToken: config.databaseToken });
const context = createContext({ config, db: { client, orm: drizzle(client, { casing: 'snake_case' }) }, executors: noExecutors, sockets: noSockets, log: createLog('migrate') });
await prepareDatabase(context, client, { administrator: readAdministrator(process.env), dataDir: readEmbeddedConfig(process.env).dataDir, databaseUrl: config.databaseUrl });
client.close();
console.log('The database is ready.');
