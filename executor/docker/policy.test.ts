import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { volumeName } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { toCreateOptions } from './container-spec.ts';
import { defaultPolicy, enforceLocalPolicy, enforcePolicy, loadPolicy } from './policy.ts';

const spec: AppSpec = {
  app: 'app_1k3m8v0qz9x4c7b2n5h6t0', project: 'prj_1k3m8v0qz9x4c7b2n5h6t0', slug: 'demo', hosts: [], image: 'nginx:alpine', pull_policy: 'missing',
  command: ['x'], env: { A: 'b' }, volumes: [], strategy: 'start-first', internal_port: 80, cpu_limit: 1, memory_limit: 64, restart_policy: { name: 'always', maximum_retries: 0 },
  health_check: { kind: 'tcp', interval: 10, timeout: 5, grace: 60 }, drain_timeout: 30, stop_timeout: 10,
};
const owner = { network: 'net', serverId: 'srv_1k3m8v0qz9x4c7b2n5h6t0', app: spec.app, published_ports: { from: 1024, to: 65535 } };
const placement = { serverId: owner.serverId, deployment: 'dep_1k3m8v0qz9x4c7b2n5h6t0', network: 'net', address: '10.0.0.2' };
const ordinary = toCreateOptions(spec, placement);

describe('SEC-05 the container policy', () => {
  it('lets the container of an app pass', () => {
    expect(() => enforcePolicy(ordinary, owner)).not.toThrow();
  });

  it.each<[string, Dockerode.HostConfig]>([
    ['privileged mode', { Privileged: true }],
    ['the host process namespace', { PidMode: 'host' }],
    ['the host ipc namespace', { IpcMode: 'host' }],
    ['the host user namespace', { UsernsMode: 'host' }],
    ['the host uts namespace', { UTSMode: 'host' }],
    ['the host network', { NetworkMode: 'host' }],
    ['the network of another container', { NetworkMode: 'container:abc' }],
    ['binds', { Binds: ['/:/host'] }],
    ['the socket of the engine', { Binds: ['/var/run/docker.sock:/var/run/docker.sock'] }],
    ['mounts', { Mounts: [{ Type: 'bind', Source: '/', Target: '/host' }] }],
    ['a bind in disguise', { Mounts: [{ Type: 'volume', Source: 'v', Target: '/v', VolumeOptions: { NoCopy: false, Labels: {}, DriverConfig: { Name: 'local', Options: { type: 'none', o: 'bind', device: '/' } } } }] }],
    ['volumes of others', { VolumesFrom: ['abc'] }],
    ['devices', { Devices: [{ PathOnHost: '/dev/sda' }] }],
    ['capabilities', { CapAdd: ['SYS_ADMIN'] }],
    ['other security options', { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] }],
    ['sysctls', { Sysctls: { 'kernel.shm_rmid_forced': '1' } }],
    ['a cgroup parent', { CgroupParent: '/' }],
    ['another runtime', { Runtime: 'evil' }],
    ['a port of the host\'s own services', { PortBindings: { '80/tcp': [{ HostPort: '22' }] } }],
    ['any port of the host', { PortBindings: { '80/tcp': [{ HostPort: '' }] } }],
    ['a range of ports', { PortBindings: { '80/tcp': [{ HostPort: '2000-3000' }] } }],
    ['a port on one address', { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '2000' }] } }],
    ['all ports of the image', { PublishAllPorts: true }],
    ['a log driver that writes elsewhere', { LogConfig: { Type: 'syslog', Config: {} } }],
  ])('refuses %s', (_name, host) => {
    expect(() => enforcePolicy({ ...ordinary, HostConfig: { ...ordinary.HostConfig, ...host } }, owner)).toThrow(expect.objectContaining({ code: 'policy_refused' }));
  });

  it('lets a volume of the same app pass', () => {
    const options = toCreateOptions({ ...spec, volumes: [{ name: 'data', mount_path: '/var/lib/app' }] }, placement);
    expect(() => enforcePolicy(options, owner)).not.toThrow();
  });

  it('lets published ports pass that the host allows', () => {
    const options = toCreateOptions({ ...spec, published_ports: [{ host_port: 5432, container_port: 80, protocol: 'tcp' }] }, placement);
    expect(() => enforcePolicy(options, owner)).not.toThrow();
    expect(() => enforcePolicy(options, { ...owner, published_ports: null })).toThrow(expect.objectContaining({ code: 'policy_refused' }));
  });

  const own = volumeName(owner.serverId, spec.app, 'data');
  it.each<[string, object]>([
    ['a volume of another app', { Type: 'volume', Source: volumeName(owner.serverId, 'app_2k3m8v0qz9x4c7b2n5h6t0', 'data'), Target: '/v' }],
    ['a volume of another server', { Type: 'volume', Source: volumeName('srv_zzzzzzzzzzzzzzzzzzzzzz', spec.app, 'data'), Target: '/v' }],
    ['a volume that somebody else has made', { Type: 'volume', Source: 'postgres', Target: '/v' }],
    ['a path behind the name of a volume', { Type: 'volume', Source: `${own}/../../..`, Target: '/v' }],
    ['a volume without a name', { Type: 'volume', Target: '/v' }],
    ['a bind with the name of a volume', { Type: 'bind', Source: own, Target: '/v' }],
    ['a file system in memory', { Type: 'tmpfs', Source: own, Target: '/v' }],
    ['a volume with a driver of its own', { Type: 'volume', Source: own, Target: '/v', VolumeOptions: { DriverConfig: { Name: 'local', Options: { type: 'none', o: 'bind', device: '/' } } } }],
    ['a mount with a further option', { Type: 'volume', Source: own, Target: '/v', BindOptions: { Propagation: 'rshared' } }],
  ])('refuses %s', (_name, mount) => {
    // What the engine would take is wider than its types.
    const Mounts = [mount] as Dockerode.MountSettings[];
    expect(() => enforcePolicy({ ...ordinary, HostConfig: { ...ordinary.HostConfig, Mounts } }, owner)).toThrow(expect.objectContaining({ code: 'policy_refused' }));
  });

  it('SEC-04 refuses an option it does not know', () => {
    expect(() => enforcePolicy({ ...ordinary, User: 'root' }, owner)).toThrow(expect.objectContaining({ code: 'policy_refused' }));
    expect(() => enforcePolicy({ ...ordinary, NetworkingConfig: { EndpointsConfig: { net: {}, other: {} } } }, owner)).toThrow(expect.objectContaining({ code: 'policy_refused' }));
  });
});

describe('SEC-18 the policy file of the host', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dockup-policy-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('allows what is usual when there is none', async () => {
    expect(await loadPolicy(dir)).toEqual(defaultPolicy);
    expect(() => enforceLocalPolicy(spec, defaultPolicy)).not.toThrow();
  });

  it.each<[string, object, Partial<AppSpec>]>([
    ['images from elsewhere', { images: ['registry.example.com/'] }, {}],
    ['commands in containers', { command_checks: false }, { health_check: { kind: 'command', command: ['true'], interval: 1, timeout: 1, grace: 1 } }],
    ['pulling', { pull: false }, { pull_policy: 'always' }],
    ['published ports', { published_ports: null }, { published_ports: [{ host_port: 5432, container_port: 80, protocol: 'tcp' }] }],
    ['published ports but a few', { published_ports: { from: 8000, to: 8100 } }, { published_ports: [{ host_port: 8101, container_port: 80, protocol: 'udp' }] }],
  ])('switches off %s', async (_name, file, change) => {
    await writeFile(join(dir, 'policy.json'), JSON.stringify(file));
    const policy = await loadPolicy(dir);
    expect(() => enforceLocalPolicy({ ...spec, ...change }, policy)).toThrow(expect.objectContaining({ code: 'policy_refused' }));
  });

  it.each(['not json', '{"pul": false}', '{"images": "all"}'])('stops the start when it reads %j: what its owner closed must not come open', async (text) => {
    await writeFile(join(dir, 'policy.json'), text);
    await expect(loadPolicy(dir)).rejects.toThrow('is not a valid policy');
  });
});
