/** A host of its own on the real engine, with a recording proxy, that can be killed at any point and opened again. Everything it made is gone after `close`. */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Dockerode from 'dockerode';
import { afterAll, beforeAll } from 'vitest';
import { createClock } from '../../executor/clock.ts';
import { Deployments } from '../../executor/deploy/deployments.ts';
import type { DeployHost } from '../../executor/deploy/host.ts';
import { createEngine } from '../../executor/docker/engine.ts';
import { defaultPolicy, type Policy } from '../../executor/docker/policy.ts';
import { createHandlers } from '../../executor/handlers/handlers.ts';
import { Journal } from '../../executor/journal.ts';
import { createLoadedImages } from '../../executor/images/loaded-images.ts';
import { openPulledImages } from '../../executor/images/pulled-images.ts';
import { createLocks } from '../../executor/locks.ts';
import { createLog } from '../../executor/log.ts';
import { AppLogs } from '../../executor/logs/app-logs.ts';
import { LogArchive } from '../../executor/logs/archive.ts';
import { Observer } from '../../executor/observe/observer.ts';
import type { Proxy, Route } from '../../executor/proxy/proxy.ts';
import type { Transfers } from '../../executor/transfers.ts';
import { readKeptImages } from '../../scripts/local/removal.ts';
import { createUploads } from '../../executor/uploads/uploads.ts';
import { isFinished } from '../../shared/status.ts';
import type { DeploymentEvent, ExecutorEvent } from '../../shared/protocol/events.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { labels } from '../../shared/names.ts';
import type { Handlers } from '../../executor/dispatch.ts';
import { createStreamHandlers } from '../../executor/handlers/streams.ts';
import type { StreamHandlers } from '../../executor/streams/stream.ts';
import { createFakeTransfers, type FakeTransfers } from './fake-transfers.ts';
import { ensureImages } from '../support/images.ts';
import { makeId } from './spec.ts';

export const docker = new Dockerode();
export const engineSocket = '/var/run/docker.sock';

/** Routes as HAProxy would keep them, across every restart of an executor; what was asked of it is in `calls`. */
export interface RecordingProxy extends Proxy {
  calls: string[];
  /** Set to make the next switches fail. */
  failures: number;
}

/** One life of an executor. */
export interface Life {
  host: DeployHost;
  deployments: Deployments;
  observer: Observer;
  handlers: Handlers;
  streamHandlers: StreamHandlers;
}

export interface OpenOptions {
  policy?: Policy;
  socketPath?: string;
  /** The engine behind it, where that is not the one that everybody shares. */
  docker?: Dockerode;
  /** Where its directory is made. */
  parent?: string;
  /** CIDR that networks are cut from, for fixtures that are open at once. */
  pool?: string;
  /** Bytes. */
  maxUpload?: number;
  /** Seconds. */
  deadlines?: DeployHost['deadlines'];
  /** Wrap what a life works with, to kill it at some point. */
  wrap?: (host: DeployHost) => DeployHost;
}

export interface HostFixture extends Life {
  serverId: string;
  dir: string;
  proxy: RecordingProxy;
  transfers: FakeTransfers;
  events: ExecutorEvent[];
  logs: string[];
  /** What a restarted executor is: everything anew, from what is on disk. */
  reopen(options?: OpenOptions): Promise<Life>;
  deploy(spec: AppSpec, id?: string): Promise<DeploymentEvent>;
  outcome(deployment: string): Promise<DeploymentEvent>;
  containers(): Promise<Dockerode.ContainerInfo[]>;
  networks(): Promise<Dockerode.NetworkInspectInfo[]>;
  volumes(): Promise<Dockerode.VolumeInspectInfo[]>;
  close(): Promise<void>;
}

export async function openHostFixture(options: OpenOptions = {}): Promise<HostFixture> {
  const serverId = makeId('server');
  const proxy = createRecordingProxy();
  const transfers = createFakeTransfers();
  const events: ExecutorEvent[] = [];
  const logs: string[] = [];
  const { pool = `10.${randomInt(214, 250)}.0.0/16`, docker: engine = docker, parent = tmpdir() } = options;
  const dir = await mkdtemp(join(parent, 'dockup-executor-'));
  const open = (change: OpenOptions = {}) => openLife({ serverId, dir, pool, proxy, transfers, events, logs }, change);
  const life = await open(options);
  life.deployments.resume();
  const filters = { label: [`${labels.server}=${serverId}`] };

  const fixture: HostFixture = {
    ...life, serverId, dir, proxy, transfers, events, logs,
    reopen: open,
    async deploy(spec, id = makeId('deployment')) {
      await fixture.deployments.accept(id, spec);
      return fixture.outcome(id);
    },
    outcome: (deployment) => eventually(() => events.find((event): event is DeploymentEvent => event.kind === 'deployment' && event.deployment === deployment && isFinished(event.status))),
    containers: () => engine.listContainers({ all: true, filters }),
    networks: () => engine.listNetworks({ filters }),
    volumes: async () => (await engine.listVolumes({ filters })).Volumes,
    async close() {
      await eventually(() => removeAll(engine, fixture.containers));
      for (const { Name } of await fixture.volumes()) await engine.getVolume(Name).remove();
      for (const image of await readKeptImages(dir)) await engine.getImage(image).remove().catch(ignoreGone);
      for (const { Id } of await fixture.networks()) await engine.getNetwork(Id).remove().catch(ignoreGone);
      await rm(dir, { recursive: true, force: true });
    },
  };
  return fixture;
}

/** One for all tests of a file. */
export function useHostFixture(onOpen: (fixture: HostFixture) => void, options: OpenOptions = {}): void {
  let fixture: HostFixture;
  beforeAll(async () => {
    await ensureImages();
    fixture = await openHostFixture(options);
    onOpen(fixture);
  });
  afterAll(() => fixture.close());
}

interface World {
  serverId: string;
  dir: string;
  pool: string;
  proxy: Proxy;
  transfers: Transfers;
  events: ExecutorEvent[];
  logs: string[];
}

async function openLife(world: World, { policy = defaultPolicy, socketPath = engineSocket, maxUpload = 1_000_000_000, deadlines = { pull: 900, health: 300 }, wrap = (host) => host }: OpenOptions): Promise<Life> {
  const log = createLog((line) => world.logs.push(line));
  const ownEngine = createEngine({ socketPath, serverId: world.serverId, dir: world.dir });
  const host = wrap({
    engine: ownEngine,
    proxy: world.proxy,
    journal: await Journal.open(join(world.dir, 'journal'), log),
    policy,
    clock: createClock(),
    log,
    logs: new AppLogs(ownEngine, new LogArchive({ engine: ownEngine, dir: join(world.dir, 'logs'), retentionDays: 7, log })),
    pulled: openPulledImages(join(world.dir, 'pulled-images.json')),
    dir: world.dir,
    deadlines,
    networkPool: world.pool,
    projects: createLocks(),
    routing: createLocks(),
    containers: createLocks(),
    helpers: new Set(),
    emit: (event) => void world.events.push(event),
  });
  const { engine, journal, proxy, clock, emit } = host;
  const observer = new Observer({ engine, journal, proxy, clock, containers: host.containers, log, emit });
  const deployments = new Deployments(host);
  const uploads = createUploads({ dir: join(world.dir, 'uploads'), maxBytes: maxUpload });
  const loaded = createLoadedImages({ path: join(world.dir, 'loaded-images.json'), engine, journal });
  const context = { host, deployments, observer, transfers: world.transfers, uploads, loaded, loads: createLocks(), apps: createLocks() };
  return { host, deployments, observer, handlers: createHandlers(context), streamHandlers: createStreamHandlers(context) };
}

function createRecordingProxy(): RecordingProxy {
  const routes = new Map<string, Route>();
  const calls: string[] = [];
  const proxy: RecordingProxy = {
    calls,
    failures: 0,
    ensure: () => Promise.resolve(void calls.push('ensure')),
    switchTo(route) {
      calls.push(`switch ${route.targets.map((target) => target.id).join()}`);
      if (proxy.failures-- > 0) return Promise.reject(new Error('haproxy: socket closed'));
      routes.set(route.app, route);
      return Promise.resolve();
    },
    drain: (app) => Promise.resolve(void calls.push(`drain ${app}`)).then(() => ({ cut: 0 })),
    remove(app) {
      calls.push(`remove ${app}`);
      routes.delete(app);
      return Promise.resolve();
    },
    routes: () => [...routes.values()],
  };
  return proxy;
}

/** True once none is left: a deployment that still cleans up behind itself may be about to remove one. */
async function removeAll(engine: Dockerode, list: () => Promise<Dockerode.ContainerInfo[]>): Promise<true | undefined> {
  const containers = await list();
  for (const { Id } of containers) await engine.getContainer(Id).remove({ force: true, v: true }).catch(ignoreGoing);
  return containers.length === 0 ? true : undefined;
}

/** 404: it is gone. Kept names are those that may be there. */
function ignoreGone(error: unknown): void {
  if (codeOf(error) !== 404) throw error;
}

/** 409: somebody is removing it. */
function ignoreGoing(error: unknown): void {
  if (codeOf(error) !== 409) ignoreGone(error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
}

/** The first value that is there, within 30 s. */
export async function eventually<T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(20)) {
    const found = await find();
    if (found !== undefined) return found;
  }
  throw new Error(`did not happen: ${find.toString().slice(0, 200)}`);
}

export async function fetchText(address: string): Promise<string> {
  return (await fetch(`http://${address}/`)).text();
}
