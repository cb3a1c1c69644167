import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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
  const prepare = () => prepareDatabase(ctx, client, { administrator: { email: 'Admin@example.com', password: undefined }, dataDir });

  await writeFile(dataDir, 'a file where the directory should be');
  await expect(prepare()).rejects.toThrow(/EEXIST|ENOTDIR/);
  expect(await countAdministrators(db)).toBe(0);

  await rm(dataDir);
  await prepare();
  expect(await countAdministrators(db)).toBe(1);
  expect(JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'))).toMatchObject({ email: 'admin@example.com' });
  db.client.close();
});
