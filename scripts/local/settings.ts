/** What the launcher needs to know, taken from the two readers of the environment, so that a default stands in one place. */
import { join, resolve } from 'node:path';
import { readConfig, type Config } from '../../executor/config.ts';
import { readEmbeddedConfig } from '../../worker/config.ts';
import { SetupError } from '../setup/error.ts';

export const root = join(import.meta.dirname, '../..');

export type Host = 'embedded' | 'edge';

export interface Settings {
  host: Host;
  bind: string;
  port: number;
  /** How people reach the API. */
  publicUrl: string;
  /** Where processes of this machine reach the API, whatever name it has outside. */
  apiUrl: string;
  /** Absolute. */
  dataDir: string;
  executorDir: string;
  httpPort: number;
  /** Undefined without TLS. */
  httpsPort: number | undefined;
  baseDomain: string;
  socket: string;
  /** False where somebody else runs HAProxy and Caddy. */
  isProxyOurs: boolean;
  /** Handed to the processes: the caller's environment, paths made absolute. */
  env: NodeJS.ProcessEnv;
}

export function readSettings(environment: NodeJS.ProcessEnv, host: Host): Settings {
  const { bind, port, dataDir } = readEmbeddedConfig(environment);
  const env: NodeJS.ProcessEnv & { DOCKUP_DATA_DIR: string } = { ...environment, DOCKUP_DATA_DIR: resolve(dataDir) };
  const apiUrl = loopbackUrl(bind, port);
  const executor = readExecutorConfig({ ...env, DOCKUP_API_URL: apiUrl });
  return {
    host,
    bind,
    port,
    publicUrl: env.DOCKUP_PUBLIC_URL?.replace(/\/+$/, '') || `http://localhost:${port}`,
    apiUrl,
    dataDir: env.DOCKUP_DATA_DIR,
    executorDir: executor.dir,
    httpPort: executor.httpPort,
    httpsPort: executor.tls?.httpsPort,
    baseDomain: executor.baseDomain,
    socket: executor.dockerSocket,
    isProxyOurs: executor.proxySupervisor === 'docker',
    env,
  };
}

function loopbackUrl(bind: string, port: number): string {
  if (bind === '0.0.0.0') return `http://127.0.0.1:${port}`;
  return `http://${bind === '::' ? '[::1]' : bind.includes(':') ? `[${bind}]` : bind}:${port}`;
}

function readExecutorConfig(env: NodeJS.ProcessEnv): Config {
  try {
    return readConfig(env);
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
