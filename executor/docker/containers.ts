/** The containers of this executor's apps. Every one is found by its labels, so nothing without them can be touched. */
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import { labels } from '../../shared/names.ts';
import { asked, askedUnless, inTime, statusOf, toAppError, type Engine } from './engine.ts';
import { neverRestarted, readRestartPolicy } from './restart-policy.ts';

/** s: what the engine gives a container that has no timeout of its own. */
const engineStopTimeout = 10;

export type EngineState = 'created' | 'running' | 'restarting' | 'paused' | 'exited' | 'dead' | 'removing';

export interface AppContainer {
  id: string;
  app: string;
  project: string;
  deployment: string;
  state: EngineState;
  /** Seconds since the epoch. */
  created: number;
  /** Digest of the image it was made from. */
  imageId: string;
  /** Its fixed address, also while it is stopped; null without one. */
  address: string | null;
  /** When the engine is to start it again, for as long as nobody has stopped it; null of one that an earlier release made. */
  restart: Dockerode.HostRestartPolicy | null;
}

/** Containers of one app, of one project, or all of this executor. Newest first. */
export async function listContainers(engine: Engine, of: { app?: string; project?: string } = {}): Promise<AppContainer[]> {
  const wanted = [`${labels.managed}=true`, `${labels.server}=${engine.serverId}`, `${labels.role}=app`];
  if (of.app !== undefined) wanted.push(`${labels.app}=${of.app}`);
  if (of.project !== undefined) wanted.push(`${labels.project}=${of.project}`);
  const found = await asked('list containers', engine.quick.listContainers({ all: true, filters: { label: wanted } }));
  return found.map(toAppContainer).sort((a, b) => b.created - a.created);
}

/** The one container that a deployment has, or has left. */
export async function findContainer(engine: Engine, { app, deployment }: Pick<AppContainer, 'app' | 'deployment'>): Promise<AppContainer | null> {
  return (await listContainers(engine, { app })).find((container) => container.deployment === deployment) ?? null;
}

export async function createContainer(engine: Engine, options: Dockerode.ContainerCreateOptions): Promise<string> {
  const doing = 'create container';
  const container = await asked(doing, inTime(engine, doing, ({ abortSignal }) => engine.docker.createContainer({ ...options, abortSignal })));
  return container.id;
}

/** Null when there is no such container. */
export async function inspectContainer({ quick }: Engine, id: string): Promise<Dockerode.ContainerInspectInfo | null> {
  try {
    return await quick.getContainer(id).inspect();
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw toAppError('inspect container', error);
  }
}

// 304: it is already so. 404 and 409 on the way out: it is gone, or somebody is removing it.

/** @throws AppError host_port_taken, engine_error, engine_unreachable, deadline_exceeded */
export async function startContainer(engine: Engine, id: string): Promise<void> {
  try {
    await change(engine, id, 'start', (container, options) => container.start(options), { unless: [304] });
  } catch (error) {
    if (error instanceof AppError && portIsTaken.test(error.message)) throw new AppError('host_port_taken', { detail: error.message, cause: error });
    throw error;
  }
}

/** By a container, as the engine says it; by another program, as the kernel does. */
const portIsTaken = /port is already allocated|address already in use/;

/** SIGTERM, and SIGKILL after the container's own stop timeout. */
export async function stopContainer(engine: Engine, id: string): Promise<void> {
  await change(engine, id, 'stop', (container, options) => container.stop(options), { unless: [304, 404], grace: await stopTimeout(engine, id) });
}

/** s. Where the container cannot even be inspected, stopping it says why. */
async function stopTimeout(engine: Engine, id: string): Promise<number> {
  const info = await inspectContainer(engine, id).catch(() => null);
  // A member that its types do not know.
  return (info?.Config as { StopTimeout?: number } | undefined)?.StopTimeout ?? engineStopTimeout;
}

/** The engine leaves it alone from now on, whatever happens to itself. */
export async function keepDown(engine: Engine, { id, restart }: Pick<AppContainer, 'id' | 'restart'>): Promise<void> {
  if (restart !== null) await changeRestartPolicy(engine, id, neverRestarted);
}

/** The engine starts it again whenever its app wants that, from now on. */
export async function keepUp(engine: Engine, { id, restart }: Pick<AppContainer, 'id' | 'restart'>): Promise<void> {
  if (restart !== null) await changeRestartPolicy(engine, id, restart);
}

/** 404: it is gone. 409: somebody is removing it. */
function changeRestartPolicy(engine: Engine, id: string, policy: Dockerode.HostRestartPolicy): Promise<void> {
  return change(engine, id, 'change restart policy of', (container, options) => container.update({ RestartPolicy: policy, ...options }), { unless: [404, 409] });
}

export async function restartContainer(engine: Engine, id: string): Promise<void> {
  await change(engine, id, 'restart', (container, options) => container.restart(options), { grace: await stopTimeout(engine, id) });
}

export function pauseContainer(engine: Engine, id: string): Promise<void> {
  return change(engine, id, 'pause', (container, options) => container.pause(options));
}

export function unpauseContainer(engine: Engine, id: string): Promise<void> {
  return change(engine, id, 'unpause', (container, options) => container.unpause(options));
}

/** Change its limits in place, whether it runs or not. */
export function updateContainer(engine: Engine, id: string, limits: Pick<Dockerode.HostConfig, 'Memory' | 'MemorySwap' | 'NanoCpus'>): Promise<void> {
  return change(engine, id, 'update', (container, options) => container.update({ ...limits, ...options }));
}

/** Kill it if it runs, and take away what belongs to it alone. */
export function removeContainer(engine: Engine, id: string): Promise<void> {
  return change(engine, id, 'remove', (container, options) => container.remove({ force: true, v: true, ...options }), { unless: [404, 409] });
}

interface Tolerance {
  /** Statuses that say that it is so already. */
  unless?: readonly number[];
  /** Seconds that the container itself is given to end. */
  grace?: number;
}

/** @throws AppError engine_error, engine_unreachable, insufficient_storage, deadline_exceeded */
function change(engine: Engine, id: string, verb: string, ask: (container: Dockerode.Container, options: { abortSignal: AbortSignal }) => Promise<unknown>, { unless = [], grace }: Tolerance = {}): Promise<void> {
  const doing = `${verb} container`;
  return askedUnless(unless, doing, inTime(engine, doing, (options) => ask(engine.docker.getContainer(id), options), grace));
}

/** Resolves with the exit code when the container next exits, also when the engine restarts it afterwards. */
export async function nextExit({ docker }: Engine, id: string, signal: AbortSignal): Promise<number> {
  const reply: { StatusCode: number } = await asked('wait for container', docker.getContainer(id).wait({ condition: 'next-exit', abortSignal: signal }));
  return reply.StatusCode;
}

function toAppContainer(info: Dockerode.ContainerInfo): AppContainer {
  return {
    id: info.Id,
    app: info.Labels[labels.app] ?? '',
    project: info.Labels[labels.project] ?? '',
    deployment: info.Labels[labels.deployment] ?? '',
    // The engine's own closed list of states (api/types: container.State).
    state: info.State as EngineState,
    created: info.Created,
    imageId: info.ImageID,
    address: fixedAddress(info.NetworkSettings.Networks),
    restart: readRestartPolicy(info.Labels[labels.restart]),
  };
}

function fixedAddress(networks: Dockerode.ContainerInfo['NetworkSettings']['Networks']): string | null {
  for (const network of Object.values(networks)) {
    const address: unknown = network.IPAMConfig?.IPv4Address;
    if (typeof address === 'string') return address;
  }
  return null;
}
