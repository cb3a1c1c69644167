import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Client } from '@libsql/client';
import { runMigrations } from '../../migrations/run.ts';
import type { Context } from '../services/context.ts';
import { chainEarlierEntries } from '../services/audit.ts';
import { createFirstAdministrator, type Credentials } from '../services/setup.ts';

interface Options {
  administrator: { email: string; password: string | undefined };
  dataDir: string;
  databaseUrl: string;
}

/** Migrates, and on a new database makes the administrator: credentials into a file of mode 0600, a generated password printed once. */
export async function prepareDatabase(ctx: Context, client: Client, { administrator, dataDir, databaseUrl }: Options): Promise<void> {
  await runMigrations(client, (before) => backUp(ctx, client, { databaseUrl, before }));
  await chainEarlierEntries(ctx);
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

/** A copy beside the file, `dockup.db.before-0004_people`: to go back to the release before, put it in the file's place. A server keeps its own (docs/operating.md). */
async function backUp({ log }: Context, client: Client, { databaseUrl, before }: { databaseUrl: string; before: string }): Promise<void> {
  if (!databaseUrl.startsWith('file:')) return;
  const copy = `${databaseUrl.slice('file:'.length)}.before-${before}`;
  // The copy of a start that did not come to its end.
  await rm(copy, { force: true });
  await client.execute({ sql: 'vacuum into ?', args: [copy] });
  await chmod(copy, 0o600);
  log.info('the database was copied before it is migrated', { copy });
}
