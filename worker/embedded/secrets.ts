import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config.ts';

interface Secrets {
  DOCKUP_AUTH_SECRET: string;
  DOCKUP_ENCRYPTION_KEY: string;
}

export function defaultDatabaseUrl(dataDir: string): string {
  return `file:${dataDir}/dockup.db`;
}

/**
 * The embedded host's own secrets: made on first start, kept in `<data dir>/secrets.json`, mode 0600.
 * @throws ConfigError when there is a database already: what it holds is sealed with the secrets that are missing
 */
export function keepSecrets(dataDir: string, databaseUrl = defaultDatabaseUrl(dataDir)): Secrets {
  const path = join(dataDir, 'secrets.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Secrets;
  if (databaseUrl.startsWith('file:') && existsSync(databaseUrl.slice('file:'.length))) {
    throw new ConfigError(`${path} is missing, and the database was written with its secrets: put it back from the backup, or set DOCKUP_AUTH_SECRET and DOCKUP_ENCRYPTION_KEY`);
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const secrets: Secrets = { DOCKUP_AUTH_SECRET: randomBytes(32).toString('hex'), DOCKUP_ENCRYPTION_KEY: randomBytes(32).toString('hex') };
  writeFileSync(path, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return secrets;
}
