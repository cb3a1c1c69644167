/** API, database and executor of one data directory: started in order, stopped in reverse, refused where they cannot be started. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadIdentity } from '../../executor/identity.ts';
import { SetupError } from '../setup/error.ts';
import { startApi } from './api.ts';
import { childNames, pidPathOf, type Child } from './child.ts';
import { createClient, isAnswering, readCredentials } from './client.ts';
import { isProxyRunning } from './engine-client.ts';
import { startExecutor } from './executor.ts';
import { readLivePid, removePidFile, writePidFile } from './pid-file.ts';
import { isPortFree } from './ports.ts';
import { isRouting } from './routing.ts';
import type { Settings } from './settings.ts';
import type { StartOptions } from './start-options.ts';
import { stopProcess } from './stop-process.ts';
import { supervise } from './supervise.ts';

export interface System {
  /** Resolves with what to tell when a process that everything needs has ended by itself. Never rejects. */
  readonly failed: Promise<string>;
  /** API and executor end within 10 s; apps and routing keep serving. */
  stop(): Promise<void>;
}

/** Resolves when an app can be deployed. @throws SetupError when it cannot be started; no process is left running then */
export async function startSystem(settings: Settings, options: StartOptions): Promise<System> {
  const { say, signal } = options;
  const { dataDir } = settings;
  refuseOtherHost(settings);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  await takeOver(dataDir, say);
  await checkPorts(settings);

  const launcherPid = pidPathOf(dataDir, 'launcher');
  writePidFile(launcherPid, process.pid);
  const running: { stop(timeout: number): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of running.splice(0).reverse()) await part.stop(3_000);
    removePidFile(launcherPid);
  };
  try {
    const { children, again } = await startApi(settings, say);
    const [api, ...others] = children;
    running.push(...others.toReversed(), api);
    await waitUntilAnswering(settings, children, signal);
    // What never answered is not started again: its reason is told.
    running.splice(-1, 1, supervise(api, again, say));
    running.push(await startExecutor(settings, createClient(settings.apiUrl, await readCredentials(dataDir)), options));
    await waitUntilRouting(settings, signal);
    return { failed: firstEnd(others), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One database each: an edge host on the embedded host's directory would find keys and servers that are not its own. */
function refuseOtherHost({ host, dataDir }: Settings): void {
  const [other, trace] = host === 'edge' ? ['embedded', 'dockup.db'] : ['edge', 'libsql'];
  if (existsSync(join(dataDir, trace))) throw new SetupError(`${dataDir} belongs to the ${other} host. Give each host its own directory: DOCKUP_DATA_DIR=${dataDir}-${host}`);
}

/** A launcher that was killed leaves its processes behind; one that runs is not disturbed. */
async function takeOver(dataDir: string, say: StartOptions['say']): Promise<void> {
  const launcher = readLivePid(pidPathOf(dataDir, 'launcher'));
  if (launcher !== undefined && launcher !== process.pid) throw new SetupError(`Dockup already runs on ${dataDir} (process ${launcher}). Stop it there with Ctrl+C, or give this one another DOCKUP_DATA_DIR and ports.`);
  for (const name of childNames) {
    const pid = readLivePid(pidPathOf(dataDir, name));
    if (pid === undefined || pid === process.pid) continue;
    say(`stopping the ${name} that an earlier start left behind (process ${pid})`);
    await stopProcess(pid, 8_000);
  }
}

async function checkPorts(settings: Settings): Promise<void> {
  await refuseTaken(settings.port, 'PORT', settings.bind);
  if (!settings.isProxyOurs) return;
  const identity = await loadIdentity(settings.executorDir);
  if (identity !== null && (await isProxyRunning(settings.socket, identity.serverId))) return;
  await refuseTaken(settings.httpPort, 'DOCKUP_HTTP_PORT');
  if (settings.httpsPort !== undefined) await refuseTaken(settings.httpsPort, 'DOCKUP_HTTPS_PORT');
}

async function refuseTaken(port: number, variable: string, host?: string): Promise<void> {
  if (!(await isPortFree(port, host))) throw new SetupError(`Port ${port} is taken, or not allowed for this user. Choose another one: ${variable}=${port + 1} npm start`);
}

async function waitUntilAnswering(settings: Settings, children: Child[], signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50, undefined, { signal })) {
    const ended = children.find((child) => child.hasEnded());
    if (ended) throw new SetupError(`The ${ended.name} ended with ${await ended.ended}. ${await ended.lastLines()}`);
    if (await isAnswering(settings.apiUrl)) return;
  }
  throw new SetupError(`The API did not answer within a minute. ${await children[0]?.lastLines()}`);
}

/** The executor is online once its engine answers; the proxy may still be a moment away. */
async function waitUntilRouting({ httpPort }: Settings, signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50, undefined, { signal })) {
    if (await isRouting(httpPort)) return;
  }
  throw new SetupError(`The proxy does not answer on port ${httpPort}, or another program does. \`docker ps -a --filter label=dockup.role=proxy\` and its logs show more.`);
}

async function firstEnd(children: Child[]): Promise<string> {
  return Promise.race(children.map(async (child) => `The ${child.name} ended with ${await child.ended}. ${await child.lastLines()}`));
}
