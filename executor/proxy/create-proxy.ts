/** Puts the parts of routing together. */
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import { holds, writeAtomically } from '../files.ts';
import type { Log } from '../log.ts';
import { caddyConfig, caddyFiles } from './caddy-config.ts';
import { ProxyController } from './controller.ts';
import { type HaproxySettings, proxyFiles, socketAccess, type TlsSettings } from './haproxy-config.ts';
import type { Proxy } from './proxy.ts';
import { createRuntime } from './runtime.ts';
import { acceptsConnections, containerSupervisor, externalSupervisor, type Supervisor } from './supervisor.ts';
import { createTableStore } from './table-store.ts';

export interface ProxyOptions {
  /** Absolute. Belongs to routing alone; HAProxy and Caddy start from it. */
  dir: string;
  serverId: string;
  docker: Dockerode;
  httpPort: number;
  tls: TlsSettings | null;
  /** `external`: something else runs HAProxy (and Caddy) from the files in `dir`. */
  supervisor: 'docker' | 'external';
  log: Log;
}

/** Reads the routes on disk; nothing is started before `ensure`. @throws AppError proxy_unavailable when they cannot be read */
export async function createProxy(options: ProxyOptions): Promise<Proxy> {
  const settings: HaproxySettings = {
    httpPort: options.httpPort,
    ipv6: await hasIpv6(),
    // Zero where the platform has no user ids, as the engine's own machine always does.
    socketOwner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    tls: options.tls,
  };
  const store = createTableStore(options.dir, settings);
  const supervisor = options.supervisor === 'docker' ? haproxyContainer(options, settings) : externalSupervisor(options.dir);
  const controller = new ProxyController({ settings, table: await store.load(), store, runtime: createRuntime(options.dir), supervisor, log: options.log });
  return options.tls ? withTls(controller, options, options.tls) : controller;
}

const megabyte = 1024 * 1024;

function haproxyContainer({ docker, serverId, dir }: ProxyOptions, settings: HaproxySettings): Supervisor {
  const masterSocket = [`unix@${proxyFiles.masterSocket}`, ...socketAccess(settings.socketOwner)].join(',');
  return containerSupervisor({
    docker,
    serverId,
    dir,
    role: 'proxy',
    port: settings.httpPort,
    image: { program: 'haproxy', files: [] },
    // Master and worker, in the foreground. SIGTERM, Docker's default, ends both at once; SIGUSR1 would refuse new connections while old ones end.
    args: ['-W', '-db', '-S', masterSocket, '-f', proxyFiles.config],
    // The master reads our files, owns the sockets to us, binds low ports, and signals workers that run as nobody.
    capabilities: ['DAC_OVERRIDE', 'CHOWN', 'NET_BIND_SERVICE', 'SETUID', 'SETGID', 'KILL'],
    env: [],
    memory: 512 * megabyte,
  });
}

function caddyContainer({ docker, serverId, dir }: ProxyOptions, tls: TlsSettings): Supervisor {
  return containerSupervisor({
    docker,
    serverId,
    dir,
    role: 'tls',
    port: tls.port,
    image: { program: 'caddy', files: ['/etc/ssl/certs/ca-certificates.crt'] },
    args: ['run', '--config', caddyFiles.config],
    capabilities: ['DAC_OVERRIDE', 'NET_BIND_SERVICE'],
    memory: 512 * megabyte,
    // What it would keep in a home directory belongs into the storage too.
    env: ['HOME=/dockup/caddy', 'XDG_CONFIG_HOME=/dockup/caddy', 'XDG_DATA_HOME=/dockup/caddy'],
  });
}

/** Caddy is never told anything: it only has to run beside HAProxy. */
function withTls(haproxy: Proxy, options: ProxyOptions, tls: TlsSettings): Proxy {
  const caddy = options.supervisor === 'docker' ? caddyContainer(options, tls) : null;
  return {
    async ensure() {
      await mkdir(join(options.dir, caddyFiles.storage), { recursive: true, mode: 0o700 });
      const [path, config] = [join(options.dir, caddyFiles.config), caddyConfig(tls, options.httpPort)];
      if (!(await holds(path, config))) await writeAtomically(path, config);
      await haproxy.ensure();
      if (!caddy) return;
      await caddy.start();
      await waitForPort(tls.port, caddy);
    },
    switchTo: (route) => haproxy.switchTo(route),
    drain: (app, timeout) => haproxy.drain(app, timeout),
    remove: (app) => haproxy.remove(app),
    routes: () => haproxy.routes(),
  };
}

async function waitForPort(port: number, supervisor: Supervisor): Promise<void> {
  for (const deadline = performance.now() + 15_000; performance.now() < deadline; await sleep(50)) {
    if (await acceptsConnections(port)) return;
  }
  throw new AppError('proxy_unavailable', { detail: await supervisor.explain() });
}

/** A kernel without IPv6 refuses the bind. */
async function hasIpv6(): Promise<boolean> {
  const server = createServer().listen(0, '::');
  return once(server, 'listening').then(() => true, () => false).finally(() => server.close());
}
