import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createClient, type Client } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import type { Db } from '../store/db.ts';
import { guarded } from '../store/guarded-client.ts';
import { withCachedReads } from './read-client.ts';

/** A local file in WAL mode, or a libSQL server where the URL names one. Close `db.client`; `client` is for tools that read columns by name. */
export async function openDatabase(url: string, authToken: string | undefined): Promise<{ db: Db; client: Client }> {
  const isFile = url.startsWith('file:');
  if (isFile) mkdirSync(dirname(url.slice('file:'.length)), { recursive: true, mode: 0o700 });
  const client = createClient({ url, authToken, ...(isFile && { timeout: 2_000 }) });
  if (isFile) {
    // NORMAL loses nothing but the last commits of a power cut in WAL mode, and never consistency.
    await client.execute('pragma journal_mode = wal');
    await client.execute('pragma synchronous = normal');
    await client.execute('pragma foreign_keys = on');
  }
  const ours = guarded(isFile ? withCachedReads(client, url.slice('file:'.length)) : client);
  return { client, db: { client: ours, orm: drizzle(ours, { casing: 'snake_case' }) } };
}
