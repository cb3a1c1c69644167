import { describe, expect, it } from 'vitest';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { toCreateOptions } from './container-spec.ts';

const spec: AppSpec = {
  app: 'app_1k3m8v0qz9x4c7b2n5h6t0', project: 'prj_1k3m8v0qz9x4c7b2n5h6t0', slug: 'demo', hosts: ['demo-app.localhost'], image: 'nginx:alpine', pull_policy: 'missing',
  command: null, env: {}, volumes: [], strategy: 'start-first', internal_port: 80, cpu_limit: null, memory_limit: null, restart_policy: { name: 'no', maximum_retries: 0 },
  health_check: { kind: 'tcp', interval: 10, timeout: 5, grace: 60 }, drain_timeout: 30, stop_timeout: 10,
};
const placement = { serverId: 'srv_1k3m8v0qz9x4c7b2n5h6t0', deployment: 'dep_1k3m8v0qz9x4c7b2n5h6t0', network: 'dockup-net', address: '10.213.0.2' };

describe('the container of an app', () => {
  it('is labelled with whose it is, what it is and what made it', () => {
    expect(toCreateOptions(spec, placement).Labels).toEqual({
      'dockup.managed': 'true', 'dockup.server': placement.serverId, 'dockup.project': spec.project, 'dockup.app': spec.app, 'dockup.deployment': placement.deployment, 'dockup.role': 'app', 'dockup.restart': 'no',
    });
  });

  it('has a name and an address that only depend on the deployment', () => {
    const options = toCreateOptions(spec, placement);
    expect(options.name).toBe('dockup-demo-x4c7b2n5h6t0');
    expect(options.NetworkingConfig?.EndpointsConfig).toEqual({ 'dockup-net': { IPAMConfig: { IPv4Address: '10.213.0.2' }, Aliases: ['demo'] } });
  });

  it('SEC-05 gains no privileges, and its log is capped', () => {
    const { HostConfig } = toCreateOptions(spec, placement);
    expect(HostConfig).toEqual({
      NetworkMode: 'dockup-net', RestartPolicy: { Name: 'no' }, SecurityOpt: ['no-new-privileges'], LogConfig: { Type: 'local', Config: { 'max-size': '20m', 'max-file': '5', compress: 'false' } },
    });
  });

  it.each<[string, Partial<AppSpec>, object]>([
    ['half a core', { cpu_limit: 0.5 }, { NanoCpus: 500_000_000 }],
    ['a third of a core, to the nanosecond', { cpu_limit: 1 / 3 }, { NanoCpus: 333_333_333 }],
    ['memory in MB, with swap counted in', { memory_limit: 256 }, { Memory: 268_435_456, MemorySwap: 268_435_456 }],
    ['a volume, by its name on the engine', { volumes: [{ name: 'data', mount_path: '/var/lib/app' }] }, { Mounts: [{ Type: 'volume', Source: 'dockup-b2n5h6t0-1k3m8v0qz9x4c7b2n5h6t0-data', Target: '/var/lib/app' }] }],
    ['a port twice and one of another protocol', { published_ports: [{ host_port: 5000, container_port: 80, protocol: 'tcp' }, { host_port: 5001, container_port: 80, protocol: 'tcp' }, { host_port: 5000, container_port: 53, protocol: 'udp' }] }, { PortBindings: { '80/tcp': [{ HostPort: '5000' }, { HostPort: '5001' }], '53/udp': [{ HostPort: '5000' }] } }],
    ['no restart', { restart_policy: { name: 'no', maximum_retries: 3 } }, { RestartPolicy: { Name: 'no' } }],
    ['always', { restart_policy: { name: 'always', maximum_retries: 0 } }, { RestartPolicy: { Name: 'always' } }],
    ['unless stopped, as always, so that it outlives a crash of the engine', { restart_policy: { name: 'unless-stopped', maximum_retries: 0 } }, { RestartPolicy: { Name: 'always' } }],
    ['on failure, a limited number of times', { restart_policy: { name: 'on-failure', maximum_retries: 3 } }, { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } }],
  ])('takes %s', (_name, change, expected) => {
    expect(toCreateOptions({ ...spec, ...change }, placement).HostConfig).toMatchObject(expected);
  });

  it('keeps the command of the image unless the app has its own', () => {
    expect(toCreateOptions(spec, placement)).not.toHaveProperty('Cmd');
    expect(toCreateOptions({ ...spec, command: ['sh', '-c', '; $(touch x)'] }, placement).Cmd).toEqual(['sh', '-c', '; $(touch x)']);
  });

  it('passes environment values on as they are', () => {
    expect(toCreateOptions({ ...spec, env: { A: 'b=c', EMPTY: '', LINES: 'x\ny' } }, placement).Env).toEqual(['A=b=c', 'EMPTY=', 'LINES=x\ny']);
  });
});
