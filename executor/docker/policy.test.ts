import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { toCreateOptions } from './container-spec.ts';
import { defaultPolicy, enforceLocalPolicy, enforcePolicy, loadPolicy } from './policy.ts';

const spec: AppSpec = {
  app: 'app_1k3m8v0qz9x4c7b2n5h6t0', project: 'prj_1k3m8v0qz9x4c7b2n5h6t0', slug: 'demo', hosts: [], image: 'nginx:alpine', pull_policy: 'missing',
  command: ['x'], env: { A: 'b' }, volumes: [], strategy: 'start-first', internal_port: 80, cpu_limit: 1, memory_limit: 64, restart_policy: { name: 'always', maximum_retries: 0 },
  health_check: { kind: 'tcp', interval: 10, timeout: 5, grace: 60 }, drain_timeout: 30, stop_timeout: 10,
};
const ordinary = toCreateOptions(spec, { serverId: 'srv', deployment: 'dep_1k3m8v0qz9x4c7b2n5h6t0', network: 'net', address: '10.0.0.2' });

describe('SEC-05 the container policy', () => {
  it('lets the container of an app pass', () => {
    expect(() => enforcePolicy(ordinary, 'net')).not.toThrow();
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
    ['published ports', { PortBindings: { '80/tcp': [{ HostPort: '22' }] } }],
    ['a log driver that writes elsewhere', { LogConfig: { Type: 'syslog', Config: {} } }],
  ])('refuses %s', (_name, host) => {
    expect(() => enforcePolicy({ ...ordinary, HostConfig: { ...ordinary.HostConfig, ...host } }, 'net')).toThrow(expect.objectContaining({ code: 'policy_refused' }));
  });

  it('SEC-04 refuses an option it does not know', () => {
    expect(() => enforcePolicy({ ...ordinary, User: 'root' }, 'net')).toThrow(expect.objectContaining({ code: 'policy_refused' }));
    expect(() => enforcePolicy({ ...ordinary, NetworkingConfig: { EndpointsConfig: { net: {}, other: {} } } }, 'net')).toThrow(expect.objectContaining({ code: 'policy_refused' }));
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
