import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runMigrations } from '../../migrations/run.ts';
import { createApp as createAppBody } from '../../shared/api/apps.ts';
import { readConfig } from '../config.ts';
import { createContext } from '../context.ts';
import { openDatabase } from '../embedded/database.ts';
import { findDeployment, insertDeployment } from '../store/deployments.ts';
import type { DeploymentRow } from '../store/schema.ts';
import type { Actor } from './actor.ts';
import { createApp } from './apps.ts';
import type { Context } from './context.ts';
import { noExecutors } from './no-executors.ts';
import { createProject } from './projects.ts';
import { sweep } from './sweep.ts';
import { createUser } from './users.ts';

const secret = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const hour = 3600 * 1000;

describe('REL-08 no deployment stays open for ever', () => {
  let folder: string;
  let ctx: Context;
  let appId: string;
  let now = Date.UTC(2026, 0);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockup-sweep-'));
    const databaseUrl = `file:${folder}/dockup.db`;
    const { db, client } = await openDatabase(databaseUrl, undefined);
    await runMigrations(client);
    const config = readConfig('embedded', { DOCKUP_AUTH_SECRET: secret, DOCKUP_ENCRYPTION_KEY: secret, DOCKUP_DATABASE_URL: databaseUrl });
    const log = { info: () => {}, error: () => {} };
    ctx = createContext({ config, db, executors: noExecutors, log, clock: () => now });

    const actor: Actor = { user: await createUser(ctx, { email: 'a@example.com', password: 'correct horse battery', role: 'admin' }), via: 'session' };
    const project = await createProject(ctx, actor, { name: 'p', description: '' });
    appId = (await createApp(ctx, actor, project, createAppBody.parse({ name: 'a', slug: 'a', image: 'nginx:alpine' }))).app.id;
  });
  afterEach(async () => {
    ctx.db.client.close();
    await rm(folder, { recursive: true, force: true });
  });

  const insert = async (changes: Partial<DeploymentRow>): Promise<string> => {
    const id = ctx.newId('deployment');
    await insertDeployment(ctx.db, {
      id, appId, serverId: 'srv_gone', status: 'queued', phase: 'queued', image: 'nginx:alpine', imageId: null, actor: 'usr_1', failure: null,
      observedAt: 0, expiresAt: now + 24 * hour, createdAt: now, startedAt: null, finishedAt: null, ...changes,
    });
    return id;
  };

  test('REL-09 one that waited a day for its host has failed with deadline_exceeded', async () => {
    const id = await insert({});
    now += 24 * hour - 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'queued' });
    now += 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'failed', finishedAt: now, failure: { code: 'deadline_exceeded', phase: 'queued' } });
  });

  test('one whose executor never told how it ended has failed after three hours', async () => {
    const id = await insert({ status: 'running', phase: 'health', startedAt: now });
    now += 3 * hour - 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'running' });
    now += 1;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'failed', failure: { code: 'deadline_exceeded', phase: 'health' } });
  });

  test('one that has ended is left alone', async () => {
    const id = await insert({ status: 'succeeded', phase: 'done', startedAt: now, finishedAt: now });
    now += 100 * hour;
    await sweep(ctx);
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'succeeded', failure: null });
  });
});
