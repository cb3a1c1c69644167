/**
 * What a container of an app may be, whatever the control plane asks (SEC-04, SEC-05): default deny. Every option that is not
 * listed here is refused, so privileges, host namespaces, binds, devices, capabilities and the engine's socket need no rule each.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { volumeName, volumePattern } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';

/** `policy.json` in the executor's directory: the host's owner switches things off, and the control plane cannot change it (SEC-18). */
const policyFile = z.strictObject({
  /** Pull images from registries. */
  pull: z.boolean().default(true),
  /** Run health check commands inside containers. */
  command_checks: z.boolean().default(true),
  /** Run commands in containers, on a terminal or without. */
  exec: z.boolean().default(true),
  /** Take in images, and content of volumes, that clients send. */
  uploads: z.boolean().default(true),
  /** The ports of the host that apps may publish; null: none. Below 1024 are the host's own services, unless its owner says otherwise. */
  published_ports: z
    .strictObject({ from: z.int().min(1).max(65535), to: z.int().min(1).max(65535) })
    .nullable()
    .default({ from: 1024, to: 65535 }),
  /** Prefixes of the image references that may run; null: all. */
  images: z.array(z.string().min(1)).nullable().default(null),
});
export type Policy = z.infer<typeof policyFile>;

export const defaultPolicy: Policy = policyFile.parse({});

/** @throws Error when there is a file that is not a policy: guessing what its owner meant would open what they closed */
export async function loadPolicy(dir: string): Promise<Policy> {
  let text: string;
  try {
    text = await readFile(join(dir, 'policy.json'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return defaultPolicy;
    throw error;
  }
  try {
    return policyFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`policy: ${join(dir, 'policy.json')} is not a valid policy`, { cause });
  }
}

/** @throws AppError policy_refused */
export function enforceLocalPolicy(spec: AppSpec, policy: Policy): void {
  if (policy.images !== null && !policy.images.some((prefix) => spec.image.startsWith(prefix))) refuse(`the image ${spec.image}`);
  if (!policy.command_checks && spec.health_check.kind === 'command') refuse('health check commands');
  if (!policy.pull && spec.pull_policy === 'always') refuse('pulling images');
  for (const { host_port: port } of spec.published_ports ?? []) if (!isPublishable(port, policy)) refuse(`publishing port ${port} of the host`);
}

const allowedOptions = new Set(['name', 'Image', 'Cmd', 'Env', 'Labels', 'StopTimeout', 'HostConfig', 'NetworkingConfig']);
const allowedHostOptions = new Set(['NetworkMode', 'RestartPolicy', 'Memory', 'MemorySwap', 'NanoCpus', 'Mounts', 'PortBindings', 'SecurityOpt', 'LogConfig']);
const allowedSecurity = ['no-new-privileges'];

/** Whose container it is to be, and what the host's owner says of it. */
interface Owner extends Pick<Policy, 'published_ports'> {
  network: string;
  serverId: string;
  app: string;
}

/** The last check before the engine is asked. @throws AppError policy_refused */
export function enforcePolicy(options: Dockerode.ContainerCreateOptions, { network, ...owner }: Owner): void {
  const host = options.HostConfig ?? {};
  for (const option of Object.keys(options)) if (!allowedOptions.has(option)) refuse(`the container option ${option}`);
  for (const option of Object.keys(host)) if (!allowedHostOptions.has(option)) refuse(`the container option HostConfig.${option}`);
  if (host.NetworkMode !== network) refuse(`the network ${host.NetworkMode ?? 'default'}`);
  if (Object.keys(options.NetworkingConfig?.EndpointsConfig ?? {}).some((name) => name !== network)) refuse('a second network');
  if (JSON.stringify(host.SecurityOpt) !== JSON.stringify(allowedSecurity)) refuse('other security options');
  if (host.LogConfig?.Type !== 'local') refuse('other log drivers');
  for (const binding of bindingsOf(host)) if (!isPlainBinding(binding, owner)) refuse(`publishing port ${binding.HostPort ?? ''} of the host`);
  for (const mount of host.Mounts ?? []) if (!isOwnVolume(mount, owner)) refuse(`the mount of ${mount.Source}`);
}

/** A volume of the same app and nothing else: any further option could turn it into a path of the host. */
function isOwnVolume(mount: Dockerode.MountSettings, { serverId, app }: Pick<Owner, 'serverId' | 'app'>): boolean {
  const prefix = volumeName(serverId, app, '');
  return Object.keys(mount).sort().join() === 'Source,Target,Type' && mount.Type === 'volume' && mount.Source.startsWith(prefix) && volumePattern.test(mount.Source.slice(prefix.length));
}

function bindingsOf({ PortBindings }: Dockerode.HostConfig): Dockerode.PortBinding[] {
  // The engine's type is open: a map from `80/tcp` to bindings, which is all that this executor writes.
  return Object.values(PortBindings ?? {}).flat() as Dockerode.PortBinding[];
}

/** One fixed port on all addresses: without a port the engine would choose any. */
function isPlainBinding(binding: Dockerode.PortBinding, policy: Pick<Policy, 'published_ports'>): boolean {
  return Object.keys(binding).join() === 'HostPort' && /^\d+$/.test(binding.HostPort ?? '') && isPublishable(Number(binding.HostPort), policy);
}

function isPublishable(port: number, { published_ports: allowed }: Pick<Policy, 'published_ports'>): boolean {
  return allowed !== null && port >= allowed.from && port <= allowed.to;
}

function refuse(what: string): never {
  throw new AppError('policy_refused', { detail: `The container policy of the server refuses ${what}.` });
}
