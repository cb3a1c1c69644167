/**
 * All of Dockup as real processes that can be killed one by one: API host, executor, engine, HAProxy. Between executor and hub is the network of
 * `link-proxy.ts`, between executor and engine a door that can be shut. Apps are reached from outside, as users do.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { loadIdentity } from '../../executor/identity.ts';
import { startApi } from '../../scripts/local/api.ts';
import { pidPathOf, startChild, type Child } from '../../scripts/local/child.ts';
import { createClient, isAnswering, readCredentials } from '../../scripts/local/client.ts';
import { enrolmentToken } from '../../scripts/local/enrolment.ts';
import { nodeProgram } from '../../scripts/local/node-program.ts';
import { readLivePid } from '../../scripts/local/pid-file.ts';
import { findFreePort } from '../../scripts/local/ports.ts';
import { readKeptImages, removeSystem } from '../../scripts/local/removal.ts';
import { readSettings, type Host, type Settings } from '../../scripts/local/settings.ts';
import { createApi, type Api } from '../support/api.ts';
import { randomPool } from '../support/dockup.ts';
import { createEngineGate, type EngineGate } from '../support/engine-gate.ts';
import { findLeftovers } from '../support/leftovers.ts';
import { openLinkProxy, type LinkProxy } from './link-proxy.ts';

/** A process that is killed without a word and started again. */
export interface Mortal {
  kill(): void;
  /** Also when it runs: then nothing happens. */
  start(): Promise<void>;
}

export interface World extends Api {
  host: Host;
  url: string;
  token: string;
  httpPort: number;
  dataDir: string;
  executorDir: string;
  serverId: string;
  docker: Docker;
  link: LinkProxy;
  gate: EngineGate;
  executor: Mortal;
  controlPlane: Mortal;
  /** Resolves when the control plane answers and calls the server online. */
  whole(): Promise<void>;
  /** Takes everything away; answers what is left all the same. */
  stop(): Promise<string[]>;
}

export async function openWorld(host: Host): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), `dockup-faults-${host}-`));
  const gate = await createEngineGate(join(dataDir, 'docker.sock'));
  const ports = { PORT: String(await findFreePort()), DOCKUP_HTTP_PORT: String(await findFreePort()) };
  const settings = readSettings({ ...process.env, ...ports, DOCKUP_DATA_DIR: dataDir, DOCKUP_NETWORK_POOL: randomPool(), DOCKUP_DOCKER_SOCKET: gate.path }, host);
  const link = await openLinkProxy(settings.apiUrl);
  const controlPlane = createControlPlane(settings);
  try {
    await controlPlane.start();
    const credentials = await readCredentials(dataDir);
    const client = createClient(settings.apiUrl, credentials);
    const token = await enrolmentToken(settings.executorDir, client);
    const executor = createExecutor(settings, { DOCKUP_API_URL: link.url, ...(token !== undefined && { DOCKUP_ENROLMENT_TOKEN: token }) });
    await executor.start();
    const whole = async () => {
      await until('the server is online', 60_000, async () => (await client.listServers()).some(({ status }) => status === 'online'));
    };
    await whole();
    const identity = await loadIdentity(settings.executorDir);
    if (identity === null) throw new Error('open world: online without an identity');
    const { httpPort, executorDir, apiUrl: url } = settings;
    const { api_key } = credentials;
    return {
      ...createApi({ url, httpPort, token: api_key }),
      host, url, token: api_key, httpPort, dataDir, executorDir, serverId: identity.serverId, docker: new Docker(), link, gate, executor, controlPlane, whole,
      async stop() {
        const images = await readKeptImages(executorDir);
        await removeSystem(settings, { keepData: false, say: () => undefined });
        gate.shut();
        await link.close();
        return findLeftovers({ serverId: identity.serverId, dataDir, images });
      },
    };
  } catch (error) {
    await removeSystem(settings, { keepData: false, say: () => undefined });
    gate.shut();
    await link.close();
    throw error;
  }
}

function createControlPlane(settings: Settings): Mortal {
  let children: Child[] = [];
  return {
    kill() {
      for (const { name } of children) killGroup(settings, name);
    },
    async start() {
      if (children.length > 0 && children.every((child) => !child.hasEnded())) return;
      for (const { name } of children) killGroup(settings, name);
      await Promise.all(children.map(({ ended }) => ended));
      ({ children } = await startApi(settings, () => undefined));
      await until('the control plane answers', 60_000, () => isAnswering(settings.apiUrl));
    },
  };
}

function createExecutor(settings: Settings, more: Record<string, string>): Mortal {
  let child: Child | undefined;
  return {
    kill: () => killGroup(settings, 'executor'),
    async start() {
      if (child !== undefined && !child.hasEnded() && readLivePid(pidPathOf(settings.dataDir, 'executor')) !== undefined) return;
      await child?.ended;
      child = startChild({ name: 'executor', ...nodeProgram('executor/main.ts', { ...settings.env, ...more }), dataDir: settings.dataDir });
    },
  };
}

function killGroup({ dataDir }: Settings, name: string): void {
  const pid = readLivePid(pidPathOf(dataDir, name));
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

/** A refusal of whoever is asked counts as not yet. */
export async function until(what: string, milliseconds: number, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await sleep(50)) if (await isSo().catch(() => false)) return;
  throw new Error(`not within ${milliseconds / 1000} s: ${what}`);
}
