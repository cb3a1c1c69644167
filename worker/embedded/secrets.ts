import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Secrets {
  DOCKUP_AUTH_SECRET: string;
  DOCKUP_ENCRYPTION_KEY: string;
}

/** The embedded host's own secrets: made on first start, kept in `<data dir>/secrets.json`, mode 0600. */
export function keepSecrets(dataDir: string): Secrets {
  const path = join(dataDir, 'secrets.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Secrets;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const secrets: Secrets = { DOCKUP_AUTH_SECRET: randomBytes(32).toString('hex'), DOCKUP_ENCRYPTION_KEY: randomBytes(32).toString('hex') };
  writeFileSync(path, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return secrets;
}
