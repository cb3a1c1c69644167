/**
 * A running Dockup as `npm start` gives it: the real launcher in its own process, on ports, a directory and a network range of its own.
 * `stop` takes it away as `npm run down` does, and fails the test on anything that is left.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadIdentity } from '../../executor/identity.ts';
import { readCredentials, type Credentials } from '../../scripts/local/client.ts';
import { findFreePort } from '../../scripts/local/ports.ts';
import { readKeptImages } from '../../scripts/local/removal.ts';
import { root, type Host } from '../../scripts/local/settings.ts';
import { lastLines, run } from '../../scripts/setup/run.ts';
import { createApi, type Api } from './api.ts';
import { findLeftovers } from './leftovers.ts';

export interface Dockup extends Api {
  host: Host;
  /** Of the API, without a trailing slash. */
  url: string;
  /** Where HAProxy listens. */
  httpPort: number;
  dataDir: string;
  credentials: Credentials;
  serverId: string;
  /** Everything the launcher has printed. */
  output(): string;
  /** What the API and the executor have logged. */
  logs(): Promise<string>;
  /** SIGTERM to the launcher. Answers how many milliseconds it took to end. */
  halt(): Promise<number>;
  /** Start again what was halted. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

interface Options {
  host: Host;
  /** Requests are not counted unless it says so: tests and benchmarks ask as fast as they can. */
  env?: Record<string, string>;
}

export async function startDockup({ host, env: extra = {} }: Options): Promise<Dockup> {
  const dataDir = await mkdtemp(join(tmpdir(), `dockup-${host}-`));
  const [port, httpPort] = [await findFreePort(), await findFreePort()];
  const env = { ...process.env, PORT: String(port), DOCKUP_HTTP_PORT: String(httpPort), DOCKUP_DATA_DIR: dataDir, DOCKUP_NETWORK_POOL: randomPool(), DOCKUP_RATE_LIMIT: 'off', ...extra };
  const url = `http://localhost:${port}`;

  let launcher: Launcher | undefined;
  const resume = async () => void (launcher = await launch(host, env));
  try {
    await resume();
  } catch (error) {
    await run(process.execPath, [join(root, 'scripts/down.ts')], { env });
    throw error;
  }
  const credentials = await readCredentials(dataDir);
  const identity = await loadIdentity(join(dataDir, 'executor'));
  if (identity === null) throw new Error('start Dockup: ready without an enrolled executor');

  return {
    ...createApi({ url, httpPort, token: credentials.api_key }),
    host,
    url,
    httpPort,
    dataDir,
    credentials,
    serverId: identity.serverId,
    output: () => launcher?.output() ?? '',
    logs: async () => (await Promise.all(['api', 'executor'].map((name) => readFile(join(dataDir, 'logs', `${name}.log`), 'utf8')))).join(''),
    halt: async () => (await launcher?.end()) ?? 0,
    resume,
    stop: async () => {
      await launcher?.end();
      const images = await readKeptImages(join(dataDir, 'executor'));
      await run(process.execPath, [join(root, 'scripts/down.ts')], { env });
      const left = await findLeftovers({ serverId: identity.serverId, dataDir, images });
      if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
    },
  };
}

interface Launcher {
  output(): string;
  end(): Promise<number>;
}

async function launch(host: Host, env: NodeJS.ProcessEnv): Promise<Launcher> {
  const child = spawn(process.execPath, [join(root, 'scripts/start.ts'), ...(host === 'edge' ? ['--edge'] : [])], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));

  for (const deadline = Date.now() + 120_000; !output.includes('Dockup is ready at '); await sleep(50)) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (!hasEnded && Date.now() < deadline) continue;
    await endProcess(child);
    throw new Error(`start Dockup: not ready\n${lastLines(output, 30)}`);
  }
  return { output: () => output, end: () => endProcess(child) };
}

async function endProcess(child: ChildProcess): Promise<number> {
  const began = performance.now();
  child.kill('SIGTERM');
  // Its output is whole once both pipes have ended, which is after its own end.
  if (!child.stdout?.closed || !child.stderr?.closed) await once(child, 'close');
  return performance.now() - began;
}

/** 4,096 addresses of 10.214.0.0 to 10.229.255.255: several systems share one engine, and two must not cut the same network. */
export function randomPool(): string {
  const block = Math.floor(Math.random() * 256);
  return `10.${214 + (block >> 4)}.${(block & 15) * 16}.0/20`;
}
