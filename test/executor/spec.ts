/** Specs for tests: a busybox app that differs from the plain one in what a test names. */
import { randomBytes } from 'node:crypto';
import { newId, type IdKind } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { images } from '../support/images.ts';

export function makeId(kind: IdKind): string {
  return newId(kind, Date.now(), randomBytes(13));
}

export function makeSpec(change: Partial<AppSpec> = {}): AppSpec {
  const slug = change.slug ?? `t${randomBytes(4).toString('hex')}`;
  return {
    app: makeId('app'),
    project: makeId('project'),
    slug,
    hosts: [`${slug}-app.localhost`],
    image: images.busybox,
    pull_policy: 'never',
    command: null,
    env: {},
    volumes: [],
    strategy: change.volumes === undefined ? 'start-first' : 'stop-first',
    internal_port: 80,
    cpu_limit: null,
    memory_limit: null,
    restart_policy: { name: 'no', maximum_retries: 0 },
    health_check: { kind: 'tcp', interval: 10, timeout: 2, grace: 10 },
    drain_timeout: 1,
    stop_timeout: 1,
    ...change,
  };
}
