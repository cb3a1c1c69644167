/** One network per project, out of a range of our own: the engine's default pools end after about 30 networks. */
import type Dockerode from 'dockerode';
import { AppError } from '../../shared/errors.ts';
import { labels, networkName } from '../../shared/names.ts';
import { listContainers } from './containers.ts';
import { asked, askedUnless, daemonMessage, inTime, toAppError, type Engine } from './engine.ts';
import { routedSubnets } from './machine-routes.ts';
import { freeAddress, freeSubnets } from './subnets.ts';

export interface ProjectNetwork {
  name: string;
  subnet: string;
}

interface NetworkOptions {
  project: string;
  /** CIDR that networks are cut from. */
  pool: string;
  /** Addresses that the proxy routes to. A container that was pruned leaves its route behind, which must not lead to another app. */
  routed: readonly string[];
}

/** Find the project's network or make it. @throws AppError engine_error when the pool is used up */
export async function ensureNetwork(engine: Engine, { project, pool, routed }: NetworkOptions): Promise<ProjectNetwork> {
  const networks = await asked('list networks', engine.quick.listNetworks());
  const name = networkName(engine.serverId, project);
  const own = networks.find((network) => network.Name === name && network.Labels?.[labels.server] === engine.serverId);
  const subnet = own?.IPAM?.Config?.[0]?.Subnet;
  if (subnet !== undefined) return { name, subnet };
  const taken = networks.flatMap((network) => network.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet?.includes('.') === true ? [Subnet] : []));
  for (const candidate of freeSubnets(pool, [...taken, ...routed, ...(await routedSubnets(pool))])) {
    if (await tryCreate(engine, { name, subnet: candidate, project })) return { name, subnet: candidate };
  }
  throw new AppError('engine_error', { detail: `create network: no free subnet is left in ${pool} (DOCKUP_NETWORK_POOL)` });
}

interface AddressOptions extends Pick<NetworkOptions, 'project' | 'routed'> {
  network: ProjectNetwork;
}

/** An address that no container of the project has, running or not: a stopped one comes back to its own. */
export async function findFreeAddress(engine: Engine, { project, network, routed }: AddressOptions): Promise<string> {
  const containers = await listContainers(engine, { project });
  const address = freeAddress(network.subnet, [...routed, ...containers.flatMap((container) => container.address ?? [])]);
  if (address === null) throw new AppError('engine_error', { detail: `create container: the network ${network.subnet} of the project is full` });
  return address;
}

/** Remove the project's network unless a container of the project is left. */
export async function removeNetworkIfUnused(engine: Engine, project: string): Promise<void> {
  if ((await listContainers(engine, { project })).length > 0) return;
  for (const network of await listOwn(engine)) {
    if (network.project === project) await removeNetwork(engine, network.id);
  }
}

/** 403: something that is not ours is attached; it keeps its network. */
function removeNetwork(engine: Engine, id: string): Promise<void> {
  const doing = 'remove network';
  return askedUnless([403, 404], doing, inTime(engine, doing, (options) => engine.docker.getNetwork(id).remove(options)));
}

/** Projects that have a network on this engine, and no container. */
export async function unusedNetworks(engine: Engine): Promise<string[]> {
  const networks = await listOwn(engine);
  const used = new Set((await listContainers(engine)).map(({ project }) => project));
  return networks.flatMap(({ project }) => (used.has(project) ? [] : [project]));
}

async function listOwn(engine: Engine): Promise<{ id: string; project: string }[]> {
  const filters = { label: [`${labels.managed}=true`, `${labels.server}=${engine.serverId}`] };
  const networks = await asked('list networks', engine.quick.listNetworks({ filters }));
  return networks.flatMap(({ Id, Labels }) => {
    const project = Labels?.[labels.project];
    return project === undefined ? [] : [{ id: Id, project }];
  });
}

/** False when somebody else, such as an executor that shares the engine, took the subnet in between. */
async function tryCreate(engine: Engine, wanted: { name: string; subnet: string; project: string }): Promise<boolean> {
  const options: Dockerode.NetworkCreateOptions = {
    Name: wanted.name,
    CheckDuplicate: true,
    Driver: 'bridge',
    IPAM: { Driver: 'default', Config: [{ Subnet: wanted.subnet }] },
    Labels: { [labels.managed]: 'true', [labels.server]: engine.serverId, [labels.project]: wanted.project },
  };
  try {
    await inTime(engine, 'create network', ({ abortSignal }) => engine.docker.createNetwork({ ...options, abortSignal }));
    return true;
  } catch (error) {
    if (/pool overlaps|overlaps with|conflicts with network/i.test(daemonMessage(error))) return false;
    throw toAppError('create network', error);
  }
}
