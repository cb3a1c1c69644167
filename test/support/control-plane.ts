/**
 * The control plane alone, in a process of its own, on either host: what `npm start` starts before there is an executor. Its database can be
 * looked into, which is how tests tell what was kept, and make the past.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { createClient, type Client } from '@libsql/client';
import { startApi } from '../../scripts/local/api.ts';
import { isAnswering, readCredentials, type Credentials } from '../../scripts/local/client.ts';
import { pidPathOf, type Child } from '../../scripts/local/child.ts';
import { findFreePort } from '../../scripts/local/ports.ts';
import { readSettings, type Host, type Settings } from '../../scripts/local/settings.ts';
import { createApi, type Api } from './api.ts';

export interface ControlPlane extends Omit<Api, 'visit' | 'deploy' | 'deployBadly'> {
  host: Host;
  /** Without a trailing slash. */
  url: string;
  dataDir: string;
  credentials: Credentials;
  /** Another client after a restart. */
  readonly database: Client;
  /** What its processes have logged. */
  logs(): Promise<string>;
  /** `kill -9` of the API, in the middle of whatever it does, and the next start over what it has left. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface Options {
  host: Host;
  /** Requests are not counted unless it says so. */
  env?: Record<string, string>;
}

export async function startControlPlane({ host, env = {} }: Options): Promise<ControlPlane> {
  const dataDir = await mkdtemp(join(tmpdir(), `dockup-control-${host}-`));
  const port = await findFreePort();
  const settings = readSettings({ ...process.env, PORT: String(port), DOCKUP_HOST: '127.0.0.1', DOCKUP_DATA_DIR: dataDir, DOCKUP_RATE_LIMIT: 'off', ...env }, host);
  let { children } = await startApi(settings, () => {});
  const stopChildren = async () => {
    for (const child of children) await child.stop(5_000);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await waitUntilAnswering(settings, children);
    const credentials = await readCredentials(dataDir);
    const url = `http://127.0.0.1:${port}`;
    let database = await openDatabase(host, dataDir);
    return {
      ...createApi({ url, httpPort: 0, token: credentials.api_key }),
      host,
      url,
      dataDir,
      credentials,
      get database() {
        return database;
      },
      logs: () => readFile(join(dataDir, 'logs/api.log'), 'utf8'),
      restart: async () => {
        database.close();
        const pid = Number((await readFile(pidPathOf(dataDir, 'api'), 'utf8')).split(' ')[0]);
        // The group: at the edge workerd is a child of what was started.
        process.kill(-pid, 'SIGKILL');
        await children[0]?.ended;
        // The database at the edge stands for one that is elsewhere.
        for (const child of children) await child.stop(5_000);
        ({ children } = await startApi(settings, () => {}));
        await waitUntilAnswering(settings, children);
        database = await openDatabase(host, dataDir);
      },
      stop: async () => {
        database.close();
        await stopChildren();
      },
    };
  } catch (error) {
    await stopChildren();
    throw error;
  }
}

async function waitUntilAnswering(settings: Settings, children: Child[]): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const ended = children.find((child) => child.hasEnded());
    if (ended) throw new Error(`start control plane: the ${ended.name} ended with ${await ended.ended}. ${await ended.lastLines()}`);
    if (await isAnswering(settings.apiUrl)) return;
  }
  throw new Error(`start control plane: it does not answer. ${await children[0]?.lastLines()}`);
}

async function openDatabase(host: Host, dataDir: string): Promise<Client> {
  if (host === 'embedded') return createClient({ url: `file:${join(dataDir, 'dockup.db')}`, timeout: 2_000 });
  const { DOCKUP_DATABASE_URL: url = '', DOCKUP_DATABASE_TOKEN: authToken } = parseEnv(await readFile(join(dataDir, 'edge.env'), 'utf8'));
  return createClient({ url, authToken });
}
