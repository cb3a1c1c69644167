/** Keeps HAProxy and Caddy running when the executor is gone: a container with host networking, restarted by Docker itself. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import { labels } from '../../shared/names.ts';
import { type HostImage, hostImage } from './host-image.ts';

export interface Supervisor {
  /** Start the program where it does not run, or runs with other options. Idempotent. @throws AppError proxy_unavailable */
  start(): Promise<void>;
  /** Why the program does not answer, as far as it can be told, in a sentence. */
  explain(): Promise<string>;
}

/** Something outside (Compose, systemd) runs HAProxy in the directory. */
export function externalSupervisor(dir: string): Supervisor {
  return {
    start: async () => undefined,
    explain: async () => `reach HAProxy: it does not answer in ${dir}; its supervisor is external, so HAProxy's own log shows more`,
  };
}

export interface ContainerOptions {
  docker: Dockerode;
  serverId: string;
  role: 'proxy' | 'tls';
  image: HostImage;
  /** Arguments of the program. */
  args: readonly string[];
  /** Mounted at `workingDirectory`, read-write. */
  dir: string;
  /** On the host, for TCP. */
  port: number;
  capabilities: readonly string[];
  memory: number;
  env: readonly string[];
}

/** Where the directory is seen in the container. Short, because the path of a Unix socket is limited. */
const workingDirectory = '/dockup';
const fingerprintLabel = 'dockup.fingerprint';

export function containerSupervisor(options: ContainerOptions): Supervisor {
  const { docker, role, serverId } = options;
  const name = `dockup-${role}-${serverId.slice(-8)}`;
  const container = docker.getContainer(name);

  return {
    async start() {
      const settings = containerSettings(options);
      const found = await container.inspect().catch(ignoreStatus(404));
      if (found && found.Config.Labels[labels.server] !== serverId) {
        throw new AppError('proxy_unavailable', { detail: `start ${options.image.program}: the container ${name} is not Dockup's` });
      }
      const isAsWanted = found?.Config.Labels[fingerprintLabel] === fingerprintOf(settings);
      if (found?.State.Running && isAsWanted) return;
      if (!isAsWanted) {
        if (found) await container.remove({ force: true });
        await createContainer(options, name, settings);
      }
      if (await acceptsConnections(options.port)) throw new AppError('proxy_unavailable', { detail: portTaken(options.image.program, options.port) });
      // 304: it runs already.
      await container.start().catch(ignoreStatus(304));
    },

    async explain() {
      const output = await container.logs({ stdout: true, stderr: true, tail: 100 }).catch(ignoreStatus(404));
      return explainOutput(options.image.program, output?.toString('utf8') ?? '');
    },
  };
}

type Settings = Pick<Dockerode.ContainerCreateOptions, 'Cmd' | 'Env' | 'HostConfig'>;

function containerSettings({ args, env, dir, capabilities, memory }: ContainerOptions): Settings {
  return {
    Cmd: [...args],
    Env: [...env],
    HostConfig: {
      NetworkMode: 'host',
      RestartPolicy: { Name: 'always' },
      Mounts: [{ Type: 'bind', Source: dir, Target: workingDirectory }],
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: [...capabilities],
      SecurityOpt: ['no-new-privileges'],
      Memory: memory,
      MemorySwap: memory,
      PidsLimit: 512,
      Ulimits: [{ Name: 'nofile', Soft: 20_000, Hard: 20_000 }],
      // json-file is unbounded otherwise, and `explain` reads the end of it.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '2' } },
    },
  };
}

/** Of the settings only: a newer program on the host is taken when the container is made anew, never by interrupting one that serves (REL-23). */
function fingerprintOf(settings: Settings): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);
}

async function createContainer({ docker, serverId, role, image }: ContainerOptions, name: string, settings: Settings): Promise<void> {
  const { name: imageName, path } = await hostImage(docker, serverId, image);
  await docker.createContainer({
    ...settings,
    name,
    Image: imageName,
    Entrypoint: [path],
    WorkingDir: workingDirectory,
    Labels: { [labels.managed]: 'true', [labels.server]: serverId, [labels.role]: role, [fingerprintLabel]: fingerprintOf(settings) },
  });
}

export async function acceptsConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect').then(() => true, () => false).finally(() => socket.destroy());
}

/** The program's own words, with the usual reason said plainly. */
function explainOutput(program: string, output: string): string {
  const taken = /Address already in use\) for \[.*?:(\d+)\]|listen tcp .*?:(\d+): bind: address already in use/.exec(output);
  const port = taken?.[1] ?? taken?.[2];
  if (port !== undefined) return portTaken(program, port);
  // Frames of Docker's log stream start with 8 bytes that are no text.
  const lines = output.split('\n').map((line) => line.replace(/^[^\x20-\x7e]+.{0,6}?(?=[[{])/, ''));
  const alerts = lines.filter((line) => /ALERT|"level":"error"|Error/.test(line)).slice(-3);
  return `start ${program}: it does not answer${alerts.length > 0 ? `; its log says: ${alerts.join(' | ').slice(0, 600)}` : ''}`;
}

function portTaken(program: string, port: number | string): string {
  return `start ${program}: port ${port} is taken by another program`;
}

function ignoreStatus(status: number) {
  return (error: unknown): null => {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === status) return null;
    throw error;
  };
}
