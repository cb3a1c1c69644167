import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@libsql/client';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/libsql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMigrations } from '../../migrations/run.ts';
import { batch, type Db } from '../store/db.ts';
import { apps, projects, servers, users } from '../store/schema.ts';
import { openDatabase } from './database.ts';

describe('reads through prepared statements', () => {
  let folder: string;
  let db: Db;
  let plain: Client;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockup-reads-'));
    const opened = await openDatabase(`file:${join(folder, 'dockup.db')}`, undefined);
    ({ db, client: plain } = opened);
    await runMigrations(plain);
  });
  afterAll(async () => {
    db.client.close();
    await rm(folder, { recursive: true, force: true });
  });

  const user = (id: string) => ({ id, email: `${id}@example.com`, passwordHash: 'x', role: 'member' as const, grants: [], hasSecondFactor: false, createdAt: 1_795_373_428_123 });
  const findUser = (id: string) => db.orm.select().from(users).where(eq(users.id, id)).get();

  test('see each write at once', async () => {
    for (let i = 0; i < 50; i++) {
      expect(await findUser(`u${i}`)).toBeUndefined();
      await db.orm.insert(users).values(user(`u${i}`));
      expect(await findUser(`u${i}`)).toEqual(user(`u${i}`));
      await db.orm.update(users).set({ role: 'admin' }).where(eq(users.id, `u${i}`));
      expect(await findUser(`u${i}`)).toMatchObject({ role: 'admin' });
    }
  });

  test('see a batch whole or not at all', async () => {
    await batch(db, [db.orm.insert(users).values(user('b1')), db.orm.insert(users).values(user('b2'))]);
    expect([await findUser('b1'), await findUser('b2')]).toMatchObject([{ id: 'b1' }, { id: 'b2' }]);
    await expect(batch(db, [db.orm.insert(users).values(user('b3')), db.orm.insert(users).values(user('b1'))])).rejects.toThrow(/UNIQUE/);
    expect(await findUser('b3')).toBeUndefined();
  });

  test('see a write that returns its row', async () => {
    const [returned] = await db.orm.insert(users).values(user('r1')).returning();
    expect(returned).toEqual(await findUser('r1'));
  });

  test('answer as the plain client does, of every kind of column', async () => {
    await db.orm.insert(servers).values({ id: 's1', name: 'ünï', status: 'online', statusSince: 2 ** 45, createdAt: 1, ingress: { scheme: 'http', port: 80 } });
    await db.orm.insert(projects).values({ id: 'p1', ownerId: 'b1', name: '', createdAt: 0, updatedAt: 1 });
    const direct = drizzle(plain, { casing: 'snake_case' });
    for (const orm of [db.orm, direct]) {
      expect(await orm.select().from(servers).where(eq(servers.id, 's1'))).toEqual([
        expect.objectContaining({ id: 's1', name: 'ünï', statusSince: 2 ** 45, statusReason: null, engine: null, ingress: { scheme: 'http', port: 80 }, epoch: 0 }),
      ]);
    }
    const reads = [
      (orm: typeof direct) => orm.select().from(users).orderBy(users.id).limit(3),
      (orm: typeof direct) => orm.select({ count: sql<number>`count(*)` }).from(users).get(),
      (orm: typeof direct) => orm.select({ user: users, project: projects }).from(projects).innerJoin(users, eq(users.id, projects.ownerId)).leftJoin(apps, eq(apps.projectId, projects.id)),
      (orm: typeof direct) => orm.select().from(apps).get(),
    ];
    for (const read of reads) expect(await read(db.orm as typeof direct)).toEqual(await read(direct));
  });

  test('never write: the connection behind them cannot', async () => {
    await expect(db.client.execute("select id from users where id = 'u1'; delete from users")).resolves.toBeDefined();
    expect(await findUser('u1')).toBeDefined();
  });

  test('an error is an error of the read, not of the process', async () => {
    await expect(db.client.execute('select nonsense from nowhere')).rejects.toThrow(/no such table/);
    expect(await findUser('u1')).toBeDefined();
  });
});
