import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../config.ts';
import { keepSecrets } from './secrets.ts';

test('SEC-08 the embedded host makes its own secrets once, for nobody else to read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-secrets-'));
  try {
    const dataDir = join(folder, 'data');
    const made = keepSecrets(dataDir);
    expect(made.DOCKUP_AUTH_SECRET).not.toBe(made.DOCKUP_ENCRYPTION_KEY);
    expect(() => readConfig('embedded', { ...made, DOCKUP_DATABASE_URL: 'file:x' })).not.toThrow();
    expect(keepSecrets(dataDir)).toEqual(made);

    const path = join(dataDir, 'secrets.json');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(made);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect(keepSecrets(join(folder, 'other'))).not.toEqual(made);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('SEC-11 a database whose secrets are missing is not started with new ones', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-secrets-'));
  try {
    const database = join(folder, 'dockup.db');
    await writeFile(database, '');
    expect(() => keepSecrets(folder)).toThrow(ConfigError);
    expect(() => keepSecrets(join(folder, 'other'), `file:${database}`)).toThrow(/secrets\.json is missing/);
    expect(() => keepSecrets(join(folder, 'other'), 'libsql://elsewhere.example.com')).not.toThrow();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
