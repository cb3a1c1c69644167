/**
 * The database port of both hosts. No interactive transactions: over HTTP they hold the write lock for several round trips, and in
 * file mode they make every other write fail (docs/decisions/database.md). What must happen together is one `batch`.
 */
import type { Client } from '@libsql/client/web';
import type { LibSQLDatabase } from 'drizzle-orm/libsql/driver-core';

export interface Db {
  readonly client: Client;
  readonly orm: LibSQLDatabase;
}

/** A query of the request path is built once per database: building it costs more than running it. */
export function once<Query>(build: (db: Db) => Query): (db: Db) => Query {
  const built = new WeakMap<Db, Query>();
  return (db) => {
    const query = built.get(db) ?? build(db);
    built.set(db, query);
    return query;
  };
}

/** Of a batch: a query that is built and not run. */
export interface Statement {
  toSQL(): { sql: string; params: unknown[] };
}

/** All or nothing, in order. Answers the number of rows each statement changed. */
export async function batch(db: Db, statements: Statement[]): Promise<number[]> {
  const results = await db.client.batch(
    statements.map((statement) => {
      const { sql, params } = statement.toSQL();
      // Drizzle has already encoded the parameters for the driver; its type is only wider.
      return { sql, args: params as (string | number | null)[] };
    }),
    'write',
  );
  return results.map((result) => result.rowsAffected);
}

/** True when a write failed because of the unique constraint on `column` (`table.column`), on either host. */
export function isUniqueViolation(error: unknown, column: string): boolean {
  return hasMessage(error, (message) => message.includes('UNIQUE constraint failed') && message.includes(column));
}

/** True when a write failed because a row that it names is not there, on either host. */
export function isForeignKeyViolation(error: unknown): boolean {
  return hasMessage(error, (message) => message.includes('FOREIGN KEY constraint failed'));
}

/** Of the error or one of its causes. */
function hasMessage(error: unknown, isWanted: (message: string) => boolean): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (isWanted(e.message)) return true;
  }
  return false;
}
