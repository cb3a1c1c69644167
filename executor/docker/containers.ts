/** The containers of this executor's apps. Every one is found by its labels, so nothing without them can be touched. */
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import { labels } from '../../shared/names.ts';
import { asked, askedUnless, statusOf, toAppError, type Engine } from './engine.ts';
import { neverRestarted, readRestartPolicy } from './restart-policy.ts';

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

export async function createContainer({ docker }: Engine, options: Dockerode.ContainerCreateOptions): Promise<string> {
  const container = await asked('create container', docker.createContainer(options));
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

/** @throws AppError host_port_taken, engine_error, engine_unreachable */
export async function startContainer({ docker }: Engine, id: string): Promise<void> {
  try {
    await askedUnless([304], 'start container', docker.getContainer(id).start());
  } catch (error) {
    if (error instanceof AppError && portIsTaken.test(error.message)) throw new AppError('host_port_taken', { detail: error.message, cause: error });
    throw error;
  }
}

/** By a container, as the engine says it; by another program, as the kernel does. */
const portIsTaken = /port is already allocated|address already in use/;

/** SIGTERM, and SIGKILL after the container's own stop timeout. */
export function stopContainer({ docker }: Engine, id: string): Promise<void> {
  return askedUnless([304, 404], 'stop container', docker.getContainer(id).stop());
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
function changeRestartPolicy({ docker }: Engine, id: string, policy: Dockerode.HostRestartPolicy): Promise<void> {
  return askedUnless([404, 409], 'change restart policy', docker.getContainer(id).update({ RestartPolicy: policy }));
}

export function restartContainer({ docker }: Engine, id: string): Promise<void> {
  return asked('restart container', docker.getContainer(id).restart());
}

export function pauseContainer({ docker }: Engine, id: string): Promise<void> {
  return asked('pause container', docker.getContainer(id).pause());
}

export function unpauseContainer({ docker }: Engine, id: string): Promise<void> {
  return asked('unpause container', docker.getContainer(id).unpause());
}

/** Change its limits in place, whether it runs or not. */
export function updateContainer({ docker }: Engine, id: string, limits: Pick<Dockerode.HostConfig, 'Memory' | 'MemorySwap' | 'NanoCpus'>): Promise<void> {
  return asked('update container', docker.getContainer(id).update(limits));
}

/** Kill it if it runs, and take away what belongs to it alone. */
export function removeContainer({ docker }: Engine, id: string): Promise<void> {
  return askedUnless([404, 409], 'remove container', docker.getContainer(id).remove({ force: true, v: true }));
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
