import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from '@libsql/client';
import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { CasingCache } from 'drizzle-orm/casing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as audit from '../worker/store/audit-schema.ts';
import * as invitation from '../worker/store/invitation-schema.ts';
import * as others from '../worker/store/schema.ts';
import * as tag from '../worker/store/tag-schema.ts';
import journal from './meta/_journal.json' with { type: 'json' };
import { runMigrations } from './run.ts';

describe('REL-25 migrations', () => {
  let folder: string;
  let client: Client;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockup-migrations-'));
    client = createClient({ url: `file:${join(folder, 'dockup.db')}` });
  });
  afterEach(async () => {
    client.close();
    await rm(folder, { recursive: true, force: true });
  });

  const dump = async () => {
    const { rows } = await client.execute('select name, sql from sqlite_master order by name');
    const applied = await client.execute('select * from __drizzle_migrations');
    return JSON.stringify([rows, applied.rows]);
  };

  test('running them twice changes nothing', async () => {
    await runMigrations(client);
    await client.execute("insert into users (id, email, password_hash, role, created_at) values ('usr_1', 'a@example.com', 'x', 'admin', 1)");
    const before = await dump();
    await runMigrations(client);
    expect(await dump()).toBe(before);
    expect((await client.execute('select id from users')).rows).toHaveLength(1);
  });

  test('a database of a newer release is refused, and left as it is', async () => {
    await runMigrations(client);
    await client.execute("insert into __drizzle_migrations (hash, created_at) values ('from the future', 9999999999999)");
    const before = await dump();
    await expect(runMigrations(client)).rejects.toThrow(/newer schema than this release knows/);
    expect(await dump()).toBe(before);
  });

  test('a database that holds something is copied before it is changed, once', async () => {
    await runMigrations(client);
    await client.execute('delete from __drizzle_migrations where created_at = (select max(created_at) from __drizzle_migrations)');
    const asked: string[] = [];
    const backUp = async (before: string) => void asked.push(before);
    // What is there already fails the last migration, which comes again: nothing of it stays.
    const before = await dump();
    await expect(runMigrations(client, backUp)).rejects.toThrow(/exists|duplicate/);
    expect(await dump()).toBe(before);
    expect(asked).toEqual([journal.entries.at(-1)?.tag]);
  });

  test('a new database, and one that is up to date, need no copy', async () => {
    const backUp = async () => Promise.reject(new Error('asked for a copy'));
    await expect(runMigrations(client, backUp)).resolves.toBeUndefined();
    await expect(runMigrations(client, backUp)).resolves.toBeUndefined();
  });

  test('whoever has been an administrator longest becomes the owner, of whom there is one', async () => {
    await runMigrations(client);
    await client.execute('drop index users_one_owner');
    const insert = (id: string, role: string, at: number) => client.execute({ sql: "insert into users (id, email, password_hash, role, created_at) values (?, ?, 'x', ?, ?)", args: [id, id, role, at] });
    for (const [id, role, at] of [['usr_1', 'member', 1], ['usr_2', 'admin', 3], ['usr_3', 'admin', 2]] as const) await insert(id, role, at);
    const statements = (await readFile(new URL('0008_people.sql', import.meta.url), 'utf8')).split('--> statement-breakpoint');
    for (const statement of statements.filter((text) => /users_one_owner|UPDATE `users`/.test(text))) await client.execute(statement);
    expect((await client.execute('select role from users order by id')).rows.map(({ role }) => role)).toEqual(['member', 'admin', 'owner']);
    await expect(insert('usr_4', 'owner', 4)).rejects.toThrow(/UNIQUE/);
  });

  test('they make exactly the tables and columns that the code knows', async () => {
    await runMigrations(client);
    const casing = new CasingCache('snake_case');
    const tables = Object.values({ ...others, ...audit, ...invitation, ...tag }).filter((value) => is(value, SQLiteTable));
    const known = Object.fromEntries(tables.map((table) => [getTableName(table), Object.values(getTableColumns(table)).map((column) => casing.getColumnCasing(column)).sort()]));

    const { rows } = await client.execute("select t.name as tab, c.name as col from sqlite_master t, pragma_table_info(t.name) c where t.type = 'table' and t.name not like '\\_\\_%' escape '\\' and t.name not like 'sqlite%' order by 1, 2");
    const made: Record<string, string[]> = {};
    for (const row of rows) (made[String(row['tab'])] ??= []).push(String(row['col']));
    expect(made).toEqual(known);
  });
});
