import { describe, expect, it } from 'vitest';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { planDeployment, type Existing, type Step } from './plan.ts';

const spec: AppSpec = {
  app: 'app_1k3m8v0qz9x4c7b2n5h6t0', project: 'prj_1k3m8v0qz9x4c7b2n5h6t0', slug: 'demo', hosts: [], image: 'nginx:alpine', pull_policy: 'missing',
  command: null, env: {}, volumes: [], strategy: 'start-first', internal_port: 80, cpu_limit: null, memory_limit: null, restart_policy: { name: 'no', maximum_retries: 0 },
  health_check: { kind: 'tcp', interval: 10, timeout: 5, grace: 60 }, drain_timeout: 30, stop_timeout: 10,
};

describe('REL-07 the plan of a deployment', () => {
  it.each<[string, Partial<AppSpec>, Existing, Step[]]>([
    ['starts with a pull when the engine lacks the image', {}, { hasImage: false, container: 'missing' }, ['pull', 'create', 'start', 'health', 'route']],
    ['pulls nothing that is there', {}, { hasImage: true, container: 'missing' }, ['create', 'start', 'health', 'route']],
    ['pulls what is there when told to', { pull_policy: 'always' }, { hasImage: true, container: 'missing' }, ['pull', 'create', 'start', 'health', 'route']],
    ['does not pull for a container that exists', { pull_policy: 'always' }, { hasImage: false, container: 'stopped' }, ['start', 'health', 'route']],
    ['goes on with a container that runs', {}, { hasImage: true, container: 'running' }, ['health', 'route']],
    ['REL-13 stops the old container before the new one starts', { strategy: 'stop-first' }, { hasImage: false, container: 'missing' }, ['pull', 'create', 'release', 'start', 'health', 'route']],
    ['REL-13 stops the old container before it goes on with one that runs', { strategy: 'stop-first' }, { hasImage: true, container: 'running' }, ['release', 'health', 'route']],
    ['REL-13 stops the old container of an app with volumes, whatever the spec says', { volumes: [{ name: 'data', mount_path: '/data' }] }, { hasImage: true, container: 'missing' }, ['create', 'release', 'start', 'health', 'route']],
    ['gives a worker no route', { internal_port: null }, { hasImage: true, container: 'missing' }, ['create', 'start', 'health', 'unroute']],
  ])('%s', (_name, change, existing, steps) => {
    expect(planDeployment({ ...spec, ...change }, existing)).toEqual(steps);
  });
});
