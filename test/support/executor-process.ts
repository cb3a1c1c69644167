/** The executor as it is started, in a process of its own: the real engine, a real HAProxy. Who the control plane is, its caller says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { findFreePort } from '../../scripts/local/ports.ts';
import { readKeptImages } from '../../scripts/local/removal.ts';
import { root } from '../../scripts/local/settings.ts';
import { labels } from '../../shared/names.ts';

export interface ExecutorProcess {
  /** Where its HAProxy listens. */
  httpPort: number;
  /** Everything it has said so far. */
  output(): string;
  /** Ends it, and takes away what it made on the engine and on the disk. */
  stop(): Promise<void>;
}

interface Options {
  serverId: string;
  apiUrl: string;
  enrolmentToken: string;
  env?: Record<string, string>;
}

export async function startExecutorProcess({ serverId, apiUrl, enrolmentToken, env = {} }: Options): Promise<ExecutorProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'dockup-executor-'));
  const httpPort = await findFreePort();
  const child = spawn(process.execPath, [join(root, 'executor/main.ts')], {
    env: { PATH: process.env['PATH'], DOCKUP_API_URL: apiUrl, DOCKUP_ENROLMENT_TOKEN: enrolmentToken, DOCKUP_EXECUTOR_DIR: dir, DOCKUP_HTTP_PORT: String(httpPort), DOCKUP_NETWORK_POOL: '10.251.0.0/16', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    httpPort,
    output: () => output,
    stop: async () => {
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      child.kill('SIGTERM');
      if (!hasEnded) await once(child, 'exit');
      await removeTraces(serverId, dir);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function removeTraces(serverId: string, dir: string): Promise<void> {
  const docker = new Docker();
  const filters = { label: [`${labels.server}=${serverId}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters })) await docker.getContainer(Id).remove({ force: true, v: true });
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
  for (const image of await readKeptImages(dir)) await docker.getImage(image).remove().catch(ignoreGone);
  for (const { Id } of await docker.listImages({ filters })) await docker.getImage(Id).remove({ force: true });
}

/** Kept names are those that may be there. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 404)) throw error;
}
