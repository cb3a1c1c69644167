/** Applies the SQL that drizzle-kit made from `worker/store/schema.ts`. Running it twice is a no-op. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import { migrate } from 'drizzle-orm/libsql/migrator';
import journal from './meta/_journal.json' with { type: 'json' };

/** @throws Error when the database was written by a newer release */
export async function runMigrations(client: Client): Promise<void> {
  await refuseNewerSchema(client);
  await migrate(drizzle(client), { migrationsFolder: dirname(fileURLToPath(import.meta.url)) });
}

/** REL-25: an old release must not run on a schema it does not know. */
async function refuseNewerSchema(client: Client): Promise<void> {
  const known = await client.execute("select 1 from sqlite_master where name = '__drizzle_migrations'");
  if (known.rows.length === 0) return;
  const { rows } = await client.execute('select max(created_at) as newest from __drizzle_migrations');
  const newestKnown = Math.max(...journal.entries.map((entry) => entry.when));
  if (Number(rows[0]?.newest ?? 0) > newestKnown) throw new Error('migrate: the database has a newer schema than this release knows; start the release that wrote it');
}
