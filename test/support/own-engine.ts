/**
 * A Docker engine of a test's own, beside the one that everybody shares, so that it can be stopped, crash and lose its power. It makes no rules of the
 * firewall, which belong to the other engine; host and containers reach each other over its bridges all the same.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { lastLines, run } from '../../scripts/setup/run.ts';
import { isMountedUnder, unmountAll } from './mounts.ts';

export interface OwnEngine {
  docker: Docker;
  socketPath: string;
  /** What it keeps, as `/var/lib/docker`. */
  dataRoot: string;
  /** Resolves when it answers, which it may do already. */
  start(): Promise<void>;
  /** SIGTERM, as `systemctl stop docker`: it stops its containers before it ends. */
  stop(): Promise<void>;
  /** SIGKILL, as the kernel does it for want of memory: its containers live on until it is started again. */
  crash(): Promise<void>;
  /** The power goes: the engine and all its containers are gone at once, and so are its bridges and what it keeps in memory. */
  powerOff(): Promise<void>;
  /** Have an image of the shared engine. */
  copyImage(name: string): Promise<void>;
  /** Takes everything away. @throws Error that says what is left */
  close(): Promise<void>;
}

interface Options {
  /** Where it keeps what it has; a folder of its own, which goes with it, when left out. */
  dataRoot?: string;
}

const startTimeout = 60_000;

export async function startEngine({ dataRoot: given }: Options = {}): Promise<OwnEngine> {
  const dir = await mkdtemp(join(tmpdir(), 'dockup-engine-'));
  const [dataRoot, execRoot, socketPath] = [given ?? join(dir, 'data'), join(dir, 'exec'), join(dir, 'docker.sock')];
  const docker = new Docker({ socketPath });
  const bridge = chooseBridge();
  let daemon: ChildProcess | undefined;

  /** What the engine and containerd under it write down of themselves would be taken for a live process. */
  const forgetPids = () => Promise.all([join(dir, 'docker.pid'), join(execRoot, 'containerd/containerd.pid')].map((path) => rm(path, { force: true })));

  async function kill(pids: number[]): Promise<void> {
    for (const pid of pids) signal(pid, 'SIGKILL');
    for (const deadline = Date.now() + 10_000; pids.some((pid) => signal(pid, 0)); await sleep(20)) if (Date.now() > deadline) throw new Error(`processes ${pids.join()} do not end`);
    await forgetPids();
  }

  const engine: OwnEngine = {
    docker,
    socketPath,
    dataRoot,

    async start() {
      if (await answers(docker)) return;
      await mkdir(dataRoot, { recursive: true });
      // Its own: the machine's is the other engine's.
      await writeFile(join(dir, 'daemon.json'), '{}');
      await makeBridge(bridge);
      const log = openSync(join(dir, 'dockerd.log'), 'a');
      daemon = spawn('dockerd', optionsOf({ dir, dataRoot, execRoot, socketPath, bridge: bridge.name }), { stdio: ['ignore', log, log] });
      closeSync(log);
      for (const deadline = Date.now() + startTimeout; !(await answers(docker)); await sleep(50)) {
        if (daemon.exitCode === null && Date.now() < deadline) continue;
        throw new Error(`the engine does not start\n${lastLines(await readFile(join(dir, 'dockerd.log'), 'utf8'), 20)}`);
      }
    },

    async stop() {
      if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
    },

    async crash() {
      // containerd ends with the engine that started it.
      await kill([await engineOf(daemon), ...(await processesOf(execRoot)).containerd]);
    },

    async powerOff() {
      const networks = await docker.listNetworks();
      const containers = await docker.listContainers({ all: true });
      const { containerd, shims, contained } = await processesOf(execRoot);
      await kill([await engineOf(daemon), ...containerd, ...shims, ...contained]);
      for (const folder of [dir, join(dataRoot, 'overlay2')]) await unmountAll(folder);
      await rm(execRoot, { recursive: true, force: true });
      await removeBridges([bridge.name, ...networks.map(({ Id }) => `br-${Id.slice(0, 12)}`)]);
      await removeGroups(containers.map(({ Id }) => Id));
    },

    async copyImage(name) {
      await docker.loadImage(await new Docker().getImage(name).get(), { quiet: true }).then(async (reply) => {
        reply.resume();
        await once(reply, 'end');
      });
    },

    async close() {
      // It has to say what it has; taking all of that away in good order would take longer.
      await engine.start();
      await engine.powerOff();
      await rm(dir, { recursive: true, force: true });
      const left = Object.values(await processesOf(execRoot)).flat();
      if (left.length > 0 || isMountedUnder(dir)) throw new Error(`the engine of the test has left processes ${left.join()} or mounts under ${dir}`);
    },
  };
  try {
    await engine.start();
  } catch (error) {
    daemon?.kill('SIGKILL');
    throw error;
  }
  return engine;
}

interface Bridge {
  name: string;
  /** Its address, and the network behind it. */
  address: string;
}

/** Not `none`: an engine without a default bridge takes `docker0` away, which is the other engine's (moby: removeDefaultBridgeInterface). */
function chooseBridge(): Bridge {
  const number = randomInt(0, 256);
  return { name: `dockup-t${number}`, address: `10.255.${number}.1/24` };
}

async function makeBridge({ name, address }: Bridge): Promise<void> {
  if ((await readdir('/sys/class/net')).includes(name)) return;
  await run('ip', ['link', 'add', name, 'type', 'bridge']);
  await run('ip', ['address', 'add', address, 'dev', name]);
  await run('ip', ['link', 'set', name, 'up']);
}

function optionsOf({ dir, dataRoot, execRoot, socketPath, bridge }: Record<'dir' | 'dataRoot' | 'execRoot' | 'socketPath' | 'bridge', string>): string[] {
  const paths = ['--data-root', dataRoot, '--exec-root', execRoot, '--pidfile', join(dir, 'docker.pid'), '--host', `unix://${socketPath}`, '--config-file', join(dir, 'daemon.json')];
  return [...paths, `--bridge=${bridge}`, '--iptables=false', '--ip-masq=false', '--ip-forward=false', '--userland-proxy=false'];
}

function answers(docker: Docker): Promise<boolean> {
  return docker.ping().then(() => true, () => false);
}

async function engineOf(daemon: ChildProcess | undefined): Promise<number> {
  if (daemon?.pid === undefined) throw new Error('the engine does not run');
  return daemon.pid;
}

/** False when there is no such process. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Told by their command lines, which name the engine's folder; what runs in a container descends from its shim. */
async function processesOf(execRoot: string): Promise<Record<'containerd' | 'shims' | 'contained', number[]>> {
  const all = (await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(readProcess))).flat();
  const named = all.filter(({ command }) => command.includes(`${execRoot}/containerd/`));
  const shims = named.filter(({ command }) => command.includes('containerd-shim')).map(({ pid }) => pid);
  const contained: number[] = [];
  for (let parents = shims; parents.length > 0; ) {
    parents = all.filter(({ parent }) => parents.includes(parent)).map(({ pid }) => pid);
    contained.push(...parents);
  }
  return { containerd: named.map(({ pid }) => pid).filter((pid) => !shims.includes(pid)), shims, contained };
}

async function readProcess(pid: string): Promise<{ pid: number; parent: number; command: string }[]> {
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const [command, status] = await Promise.all([read('cmdline'), read('status')]);
  const parent = /^PPid:\s*(\d+)$/m.exec(status)?.[1];
  return parent === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
}

/** Those there are: a network of another driver has none. */
async function removeBridges(names: string[]): Promise<void> {
  const links = await readdir('/sys/class/net');
  for (const name of names) if (links.includes(name)) await run('ip', ['link', 'delete', name]);
}

/** The empty control groups of containers that are gone. */
async function removeGroups(containers: string[]): Promise<void> {
  for (const controller of await readdir('/sys/fs/cgroup')) {
    for (const id of containers) await run('find', [join('/sys/fs/cgroup', controller, 'docker', id), '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']).catch(() => undefined);
  }
}
