import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import journal from '../../migrations/meta/_journal.json' with { type: 'json' };
import { readConfig } from '../config.ts';
import { createContext } from '../context.ts';
import { noExecutors, noSockets } from '../services/no-executors.ts';
import { countAdministrators } from '../store/users.ts';
import { openDatabase } from './database.ts';
import { prepareDatabase } from './prepare.ts';
import { keepSecrets } from './secrets.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockup-prepare-'));
  vi.spyOn(console, 'log').mockReturnValue();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

test('SEC-08 no administrator is made whose credentials cannot be kept, and the next start makes one', async () => {
  const databaseUrl = `file:${join(folder, 'dockup.db')}`;
  const config = readConfig('embedded', { ...keepSecrets(folder), DOCKUP_DATABASE_URL: databaseUrl });
  const { db, client } = await openDatabase(databaseUrl, undefined);
  const ctx = createContext({ config, db, executors: noExecutors, sockets: noSockets, log: { info: () => {}, error: () => {} } });
  const dataDir = join(folder, 'data');
  const prepare = () => prepareDatabase(ctx, client, { administrator: { email: 'Admin@example.com', password: undefined }, dataDir, databaseUrl });

  await writeFile(dataDir, 'a file where the directory should be');
  await expect(prepare()).rejects.toThrow(/EEXIST|ENOTDIR/);
  expect(await countAdministrators(db)).toBe(0);

  await rm(dataDir);
  await prepare();
  expect(await countAdministrators(db)).toBe(1);
  expect(JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'))).toMatchObject({ email: 'admin@example.com' });
  db.client.close();
});

test('REL-25 a database is copied beside itself before it is migrated, for its owner alone', async () => {
  const path = join(folder, 'dockup.db');
  const databaseUrl = `file:${path}`;
  const config = readConfig('embedded', { ...keepSecrets(folder), DOCKUP_DATABASE_URL: databaseUrl });
  const { db, client } = await openDatabase(databaseUrl, undefined);
  const ctx = createContext({ config, db, executors: noExecutors, sockets: noSockets, log: { info: () => {}, error: () => {} } });
  const prepare = () => prepareDatabase(ctx, client, { administrator: { email: 'admin@example.com', password: undefined }, dataDir: join(folder, 'data'), databaseUrl });
  const [, latest] = journal.entries.slice(-2);
  const copy = `${path}.before-${latest?.tag}`;

  await prepare();
  expect(existsSync(copy)).toBe(false);
  // As the release before has left it, as far as it can be told; the migration that is not new then fails.
  await client.execute('delete from __drizzle_migrations where created_at = (select max(created_at) from __drizzle_migrations)');
  await expect(prepare()).rejects.toThrow(/exists|duplicate/);
  const copied = await openDatabase(`file:${copy}`, undefined);
  expect(await countAdministrators(copied.db)).toBe(1);
  expect((await stat(copy)).mode & 0o777).toBe(0o600);
  copied.db.client.close();
  db.client.close();
});
