/** From what the control plane tells about an app to what the engine is asked to create. Pure. */
import type Dockerode from 'dockerode';
import { canonicalImage } from '../../shared/image-reference.ts';
import { containerName, labels, volumeName } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { toRestartPolicy, writeRestartPolicy } from './restart-policy.ts';

export interface Placement {
  serverId: string;
  deployment: string;
  /** Name of the project's network. */
  network: string;
  /** Fixed address there, which the proxy's route names. */
  address: string;
}

/** Bytes. */
export const megabyte = 1024 * 1024;

/** No `Init`: images that bring their own supervisor insist on being process 1. */
export function toCreateOptions(spec: AppSpec, placement: Placement): Dockerode.ContainerCreateOptions {
  const restart = toRestartPolicy(spec.restart_policy);
  return {
    name: containerName(spec.slug, placement.deployment),
    // Never what could be the beginning of an id (SEC-04).
    Image: canonicalImage(spec.image),
    ...(spec.command !== null && { Cmd: spec.command }),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: {
      [labels.managed]: 'true',
      [labels.server]: placement.serverId,
      [labels.project]: spec.project,
      [labels.app]: spec.app,
      [labels.deployment]: placement.deployment,
      [labels.role]: 'app',
      [labels.restart]: writeRestartPolicy(restart),
    },
    StopTimeout: spec.stop_timeout,
    HostConfig: {
      NetworkMode: placement.network,
      RestartPolicy: restart,
      ...limitsOf(spec),
      ...mountsOf(spec, placement.serverId),
      ...portsOf(spec),
      SecurityOpt: ['no-new-privileges'],
      // The engine's default, json-file, grows without bound. Compressed files are slow to catch up on (docs/decisions/logs.md).
      LogConfig: { Type: 'local', Config: { 'max-size': '20m', 'max-file': '5', compress: 'false' } },
    },
    NetworkingConfig: {
      EndpointsConfig: { [placement.network]: { IPAMConfig: { IPv4Address: placement.address }, Aliases: [spec.slug] } },
    },
  };
}

function mountsOf({ app, volumes }: AppSpec, serverId: string): Dockerode.HostConfig {
  if (volumes.length === 0) return {};
  return { Mounts: volumes.map(({ name, mount_path }) => ({ Type: 'volume', Source: volumeName(serverId, app, name), Target: mount_path })) };
}

function portsOf({ published_ports: ports = [] }: AppSpec): Dockerode.HostConfig {
  if (ports.length === 0) return {};
  const bindings = Map.groupBy(ports, ({ container_port, protocol }) => `${container_port}/${protocol}`);
  return { PortBindings: Object.fromEntries([...bindings].map(([port, same]) => [port, same.map(({ host_port }) => ({ HostPort: String(host_port) }))])) };
}

/** Swap counts as memory: without `MemorySwap` the engine would allow as much again on disk. */
export function limitsOf(spec: Pick<AppSpec, 'cpu_limit' | 'memory_limit'>): Pick<Dockerode.HostConfig, 'Memory' | 'MemorySwap' | 'NanoCpus'> {
  const memory = spec.memory_limit === null ? {} : { Memory: spec.memory_limit * megabyte, MemorySwap: spec.memory_limit * megabyte };
  const cpu = spec.cpu_limit === null ? {} : { NanoCpus: Math.round(spec.cpu_limit * 1e9) };
  return { ...memory, ...cpu };
}
