/** The services over a database file of their own, for tests below the HTTP API. No executor can be reached. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMigrations } from '../../migrations/run.ts';
import { createApp as createAppBody } from '../../shared/api/apps.ts';
import { readConfig } from '../../worker/config.ts';
import { createContext } from '../../worker/context.ts';
import { openDatabase } from '../../worker/embedded/database.ts';
import type { Actor } from '../../worker/services/actor.ts';
import { createApp } from '../../worker/services/apps.ts';
import { identify } from '../../worker/services/auth.ts';
import type { Context } from '../../worker/services/context.ts';
import type { Presence } from '../../worker/services/ports.ts';
import { noExecutors, noSockets } from '../../worker/services/no-executors.ts';
import { createProject } from '../../worker/services/projects.ts';
import { openSession } from '../../worker/services/sessions.ts';
import { createUser } from '../../worker/services/users.ts';
import { placeApp } from '../../worker/store/apps.ts';
import { insertServer } from '../../worker/store/servers.ts';

const secret = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export interface TestContext {
  ctx: Context;
  actor: Actor;
  appId: string;
  close(): Promise<void>;
}

/** With the owner, and one app of theirs that is placed nowhere. */
export async function openTestContext(clock: () => number = Date.now): Promise<TestContext> {
  const folder = await mkdtemp(join(tmpdir(), 'dockup-context-'));
  const databaseUrl = `file:${join(folder, 'dockup.db')}`;
  const { db, client } = await openDatabase(databaseUrl, undefined);
  await runMigrations(client);
  const config = readConfig('embedded', { DOCKUP_AUTH_SECRET: secret, DOCKUP_ENCRYPTION_KEY: secret, DOCKUP_DATABASE_URL: databaseUrl });
  const ctx = createContext({ config, db, executors: noExecutors, sockets: noSockets, log: { info: () => {}, error: () => {} }, clock });

  const user = await createUser(ctx, { email: 'admin@example.com', password: 'correct horse battery', role: 'owner', grants: [] });
  const actor = await identify(ctx, (await openSession(ctx, user, { how: 'password', userAgent: 'tests' })).token);
  const project = await createProject(ctx, actor, { name: 'Project', description: '' });
  const { app } = await createApp(ctx, actor, project, createAppBody.parse({ name: 'App', slug: 'app-under-test', image: 'nginx:alpine' }));
  return {
    ctx,
    actor,
    appId: app.id,
    close: async () => {
      db.client.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a hub says of an executor that is there, or is not. */
export function presenceIf(isConnected: boolean): Presence {
  return { isConnected, status: isConnected ? 'online' : 'offline', since: null, reason: null, epoch: isConnected ? 1 : null, usage: {} };
}

/** Registers a server that is online and places the app of the context on it. */
export async function placeOnServer({ ctx, appId }: TestContext): Promise<void> {
  const id = 'srv_1';
  const enrolled = { enrolmentHash: null, enrolmentExpiresAt: null, publicKey: null, epoch: 1, executorVersion: null, engine: null, ingress: null, disks: null };
  await insertServer(ctx.db, { id, name: 'host', status: 'online', statusReason: null, statusSince: 0, createdAt: 0, ...enrolled });
  await placeApp(ctx.db, appId, id);
}
