/**
 * Reads of the embedded host through statements that are prepared once. The client prepares anew for each call and asks for the columns
 * twice, which makes an indexed read of one row ten times as dear (136 µs against 10 µs for an app). Writes and batches stay with the client;
 * WAL mode lets this second, read-only connection see each commit at once.
 */
import type { Client, InStatement, ResultSet } from '@libsql/client';
import Database from 'libsql';

/** Distinct statements there are: queries are built by code, not by users, so this only bounds a mistake. */
const cacheSize = 200;

export function withCachedReads(client: Client, path: string): Client {
  const reader = new Database(path, { readonly: true, timeout: 2_000 });
  const statements = new Map<string, Database.Statement>();

  function prepare(sql: string): Database.Statement {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size >= cacheSize) statements.clear();
    const statement = reader.prepare(sql).raw(true);
    statements.set(sql, statement);
    return statement;
  }

  return new Proxy(client, {
    get(target, property) {
      if (property === 'execute') {
        return (statement: InStatement) => {
          const { sql, args = [] } = typeof statement === 'string' ? { sql: statement } : statement;
          if (!/^select\b/i.test(sql) || !Array.isArray(args)) return target.execute(statement);
          return new Promise<ResultSet>((resolve) => resolve(toResultSet(prepare(sql).all(...args))));
        };
      }
      if (property === 'close') {
        return () => {
          reader.close();
          target.close();
        };
      }
      // Methods use private fields, so they must be called on the client itself.
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The ORM reads rows by index only. */
function toResultSet(rows: unknown[]): ResultSet {
  return { rows: rows as ResultSet['rows'], columns: [], columnTypes: [], rowsAffected: 0, lastInsertRowid: undefined, toJSON: () => rows };
}
