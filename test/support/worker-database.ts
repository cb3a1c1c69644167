/** Set-up of the worker project: a real libSQL server, migrated by the real script, with the first administrator in it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { readCredentials, type Credentials } from '../../scripts/local/client.ts';
import { startLibsql } from '../../scripts/local/libsql.ts';
import { root } from '../../scripts/local/settings.ts';
import { run } from '../../scripts/setup/run.ts';

export interface ProvidedDatabase {
  url: string;
  token: string;
  authSecret: string;
  encryptionKey: string;
  credentials: Credentials;
}

declare module 'vitest' {
  interface ProvidedContext {
    database: ProvidedDatabase;
    host: 'embedded' | 'edge';
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'dockup-worker-'));
  const { url, token, child } = await startLibsql(dataDir);
  const [authSecret, encryptionKey] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  await run(process.execPath, [join(root, 'migrations/migrate.ts')], {
    env: { ...process.env, DOCKUP_DATA_DIR: dataDir, DOCKUP_DATABASE_URL: url, DOCKUP_DATABASE_TOKEN: token, DOCKUP_AUTH_SECRET: authSecret, DOCKUP_ENCRYPTION_KEY: encryptionKey },
  });
  project.provide('database', { url, token, authSecret, encryptionKey, credentials: await readCredentials(dataDir) });
  return async () => {
    await child.stop(2_000);
    await rm(dataDir, { recursive: true, force: true });
  };
}
