import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Client } from '@libsql/client';
import { runMigrations } from '../../migrations/run.ts';
import type { Context } from '../services/context.ts';
import { createFirstAdministrator, type Credentials } from '../services/setup.ts';

interface Options {
  administrator: { email: string; password: string | undefined };
  dataDir: string;
}

/** Migrates, and on a new database makes the administrator: credentials into a file of mode 0600, a generated password printed once. */
export async function prepareDatabase(ctx: Context, client: Client, { administrator, dataDir }: Options): Promise<void> {
  await runMigrations(client);
  const path = resolve(join(dataDir, 'credentials.json'));
  const keep = async (credentials: Credentials) => {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(path, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  };
  // What a start that fails after this has kept, the next one writes anew.
  const credentials = await createFirstAdministrator(ctx, administrator, keep);
  if (credentials === undefined) return;
  const password = administrator.password === undefined ? `, password ${credentials.password}` : '';
  console.log(`First start: administrator ${credentials.email}${password} (kept in ${path})`);
}
