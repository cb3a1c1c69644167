/** The embedded host: one process with database, hubs and HTTP server. */
import { createApp } from '../app.ts';
import { readClientNetwork } from '../client-network.ts';
import { readAdministrator, readConfig, readEmbeddedConfig } from '../config.ts';
import { createContext } from '../context.ts';
import { createLog, describeError } from '../log.ts';
import { createRateLimiter } from '../rate-limiter.ts';
import { createIngest } from '../services/ingest.ts';
import { sweep } from '../services/sweep.ts';
import { endLeases } from '../store/idempotency-keys.ts';
import { markServersOffline } from '../store/servers.ts';
import { readAsset } from './assets.ts';
import { remoteAddressOf } from './bodies.ts';
import { openDatabase } from './database.ts';
import { createExecutors } from './executors.ts';
import { prepareDatabase } from './prepare.ts';
import { defaultDatabaseUrl, keepSecrets } from './secrets.ts';
import { listen } from './server.ts';
import { createUpgrades } from './upgrades.ts';
import { createUsageHistory } from './usage-history.ts';

const sweepInterval = 60_000;

interface Host {
  /** Stops listening, lets what is under way end (5 s at most) and closes the database. */
  stop(): Promise<void>;
}

/** @throws ConfigError before anything has been touched but the data directory */
export async function startHost(env: NodeJS.ProcessEnv): Promise<Host> {
  const { bind, port, dataDir } = readEmbeddedConfig(env);
  const config = readConfig('embedded', { DOCKUP_DATABASE_URL: defaultDatabaseUrl(dataDir), ...keepSecretsUnlessGiven(env, dataDir), ...env });
  const administrator = readAdministrator(env);
  const log = createLog('api');
  const { db, client } = await openDatabase(config.databaseUrl, config.databaseToken);
  const upgrades = createUpgrades();
  const executors = createExecutors(upgrades, createUsageHistory(db), log);
  const { rateLimit, trustedProxies } = config;
  const context = createContext({
    config,
    db,
    executors: executors.client,
    sockets: upgrades,
    rateLimiter: rateLimit === null ? null : createRateLimiter(rateLimit),
    networkOf: (request) => readClientNetwork(request.headers, { direct: remoteAddressOf(request) ?? upgrades.remoteAddressOf(request) ?? 'unknown', trustedProxies }),
    log,
  });
  await prepareDatabase(context, client, { administrator, dataDir, databaseUrl: config.databaseUrl });
  await markServersOffline(db, Date.now());
  await endLeases(db);
  executors.start(createIngest(context));

  const app = createApp(() => context, readAsset);
  const server = await listen({ fetch: app.fetch, offerUpgrade: upgrades.offer, bind, port });
  const timer = setInterval(() => sweep(context).catch((error: unknown) => log.error('sweep', { cause: describeError(error) })), sweepInterval);
  console.log(`API listening on ${config.publicUrl}`);

  return {
    stop: async () => {
      clearInterval(timer);
      upgrades.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 5_000).unref();
      await closed;
      db.client.close();
    },
  };
}

function keepSecretsUnlessGiven(env: NodeJS.ProcessEnv, dataDir: string): object {
  return env.DOCKUP_AUTH_SECRET !== undefined && env.DOCKUP_ENCRYPTION_KEY !== undefined ? {} : keepSecrets(dataDir, env.DOCKUP_DATABASE_URL);
}
