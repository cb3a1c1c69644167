/** Applies the SQL that drizzle-kit made from `worker/store/schema.ts`. Running it twice is a no-op. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import { migrate } from 'drizzle-orm/libsql/migrator';
import journal from './meta/_journal.json' with { type: 'json' };

/**
 * All of them or none: what fails leaves the database as it was. `backUp` is called before one that holds something is changed, with the name of the first migration.
 * @throws Error when the database was written by a newer release
 */
export async function runMigrations(client: Client, backUp?: (before: string) => Promise<void>): Promise<void> {
  const applied = await readNewest(client);
  refuseNewerSchema(applied);
  const next = journal.entries.find(({ when }) => when > applied);
  if (applied > 0 && next !== undefined) await backUp?.(next.tag);
  await migrate(drizzle(client), { migrationsFolder: dirname(fileURLToPath(import.meta.url)) });
}

/** When the newest of those that were applied was made; 0 where there is none. */
async function readNewest(client: Client): Promise<number> {
  const known = await client.execute("select 1 from sqlite_master where name = '__drizzle_migrations'");
  if (known.rows.length === 0) return 0;
  const { rows } = await client.execute('select max(created_at) as newest from __drizzle_migrations');
  return Number(rows[0]?.newest ?? 0);
}

/** REL-25: an old release must not run on a schema it does not know. */
function refuseNewerSchema(applied: number): void {
  const newestKnown = Math.max(...journal.entries.map((entry) => entry.when));
  if (applied > newestKnown) throw new Error('migrate: the database has a newer schema than this release knows; start the release that wrote it');
}
