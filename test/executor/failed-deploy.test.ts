/** REL-14: a deployment that fails says why, and changes nothing that serves. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../executor/docker/policy.ts';
import type { DeploymentEvent, DeploymentFailure } from '../../shared/protocol/events.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { alteredDocker } from '../support/altered-docker.ts';
import { ensureImages, images } from '../support/images.ts';
import { fetchText, openHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
beforeAll(async () => {
  await ensureImages();
  fixture = await openHostFixture();
});
afterEach(() => void (fixture.proxy.failures = 0));
afterAll(() => fixture.close());

const quick = { kind: 'tcp' as const, interval: 1, timeout: 1, grace: 1 };
/** For what a probe answers, which takes a busy machine more than a second. */
const patient = { ...quick, timeout: 5, grace: 3 };
const text = (expected: string) => expect.stringContaining(expected);
/** In any order: the engine stamps the two streams on their own. */
const lines = (...expected: string[]) => expect.arrayContaining(expected.map((line) => expect.objectContaining({ text: line })));

describe('REL-14 a deployment that fails', () => {
  it.each<[string, Partial<AppSpec>, Partial<DeploymentFailure>]>([
    ['because the container exits', { env: { EXIT_CODE: '3' } }, { code: 'container_exited', phase: 'health', exit_code: 3, message: text('code 3'), logs: lines('version 1 starts', 'cannot go on, leaving with 3') }],
    ['because it exits and would be restarted for ever', { env: { EXIT_CODE: '7' }, restart_policy: { name: 'always', maximum_retries: 0 } }, { code: 'container_exited', exit_code: 7 }],
    ['because nothing listens', { env: { NEVER_LISTEN: '1' }, health_check: quick }, { code: 'health_check_failed', phase: 'health', exit_code: null, last_probe: text('ECONNREFUSED'), logs: lines('version 1 starts') }],
    ['because its path answers 500', { env: { HEALTH: 'fail' }, health_check: { ...patient, kind: 'http', path: '/cgi-bin/healthz' } }, { code: 'health_check_failed', last_probe: '500 the database is away' }],
    ['because its path is missing', { health_check: { ...patient, kind: 'http', path: '//nowhere/at?all=1' } }, { code: 'health_check_failed', last_probe: text('404') }],
    ['because its command fails', { health_check: { ...patient, kind: 'command', command: ['/bin/sh', '-c', 'echo not ready; exit 4'] } }, { code: 'health_check_failed', last_probe: 'exit code 4 not ready' }],
    ['because its command hangs', { health_check: { ...quick, kind: 'command', command: ['/bin/sleep', '60'] } }, { code: 'health_check_failed', last_probe: text('no answer within') }],
    ['because its command does not exist', { command: ['/no/such/file'] }, { code: 'container_start_failed', phase: 'start', message: text('no such file') }],
    ['because it wants more processors than there are', { cpu_limit: 1000 }, { code: 'container_start_failed', phase: 'create', message: text('CPUs') }],
    ['because it runs out of memory and would be restarted', { command: ['/bin/tail', '/dev/zero'], memory_limit: 16, restart_policy: { name: 'unless-stopped', maximum_retries: 0 } }, { code: 'container_exited', oom_killed: true, exit_code: 137 }],
    ['because the image is not there and may not be pulled', { image: 'dockup-test/absent:1' }, { code: 'image_not_found', phase: 'pull' }],
    ['because the image cannot be pulled', { image: 'registry.invalid/absent:1', pull_policy: 'missing' }, { code: 'image_pull_failed', phase: 'pull', message: text('registry.invalid') }],
    ['because the image is no reference', { image: '../containers/json' }, { code: 'image_not_found', phase: 'validate' }],
    ['because the slug is reserved (SEC-07)', { slug: 'admin' }, { code: 'slug_reserved', phase: 'validate' }],
    ['because the slug is none (SEC-07)', { slug: 'Not/A/Slug' }, { code: 'slug_invalid', phase: 'validate' }],
  ])('%s leaves the old container serving and nothing behind', async (_name, change, failure) => {
    const good = makeSpec({ env: { VERSION: 'good' } });
    const first = await fixture.deploy(good);
    const outcome = await fixture.deploy({ ...good, ...change });
    expect(outcome).toMatchObject({ status: 'failed', failure: { oom_killed: false, ...failure } });
    expect(fixture.proxy.routes().find((route) => route.app === good.app)?.targets[0]?.id).toBe(first.deployment);
    expect(await fetchText(`${fixture.proxy.routes().find((route) => route.app === good.app)?.targets[0]?.address}`)).toBe('good\n');
    expect((await fixture.containers()).filter((container) => container.Labels['dockup.app'] === good.app)).toHaveLength(1);
  });

  it('because the proxy does not take the route leaves the old container serving', async () => {
    const good = makeSpec();
    const first = await fixture.deploy(good);
    fixture.proxy.failures = 2;
    expect(await fixture.deploy(good)).toMatchObject({ status: 'failed', phase: 'switch' });
    expect(fixture.proxy.routes().find((route) => route.app === good.app)?.targets[0]?.id).toBe(first.deployment);
    expect((await fixture.containers()).filter((container) => container.Labels['dockup.app'] === good.app)).toHaveLength(1);
  });

  it('the first time leaves no container and no network', async () => {
    const spec = makeSpec({ env: { EXIT_CODE: '1' } });
    expect((await fixture.deploy(spec)).status).toBe('failed');
    expect((await fixture.containers()).filter((container) => container.Labels['dockup.app'] === spec.app)).toEqual([]);
    expect((await fixture.networks()).filter((network) => network.Labels?.['dockup.project'] === spec.project)).toEqual([]);
  });

  it('notices an exit within half a second, not at the end of the grace', async () => {
    const begun = Date.now();
    await fixture.deploy(makeSpec({ env: { EXIT_CODE: '1' }, health_check: { ...quick, grace: 60 } }));
    expect(Date.now() - begun).toBeLessThan(5_000);
  });

  it('because the container exits is no success on an engine that takes longer to tell of it than an app has to stay up', async () => {
    const { failure } = await deploySlowly({ env: { EXIT_CODE: '5' }, restart_policy: { name: 'no', maximum_retries: 0 } });
    expect(failure).toMatchObject({ code: 'container_exited', exit_code: 5 });
    const restarted = await deploySlowly({ env: { EXIT_CODE: '5' }, restart_policy: { name: 'always', maximum_retries: 0 } });
    expect(restarted.failure).toMatchObject({ code: 'container_exited' });
  });

  async function deploySlowly(change: Partial<AppSpec>): Promise<DeploymentEvent> {
    const life = await fixture.reopen({ wrap: (host) => ({ ...host, engine: { ...host.engine, quick: slowToInspect(host.engine.quick) } }) });
    life.deployments.resume();
    const id = makeId('deployment');
    await life.deployments.accept(id, makeSpec({ internal_port: null, health_check: { ...quick, kind: 'started' }, ...change }));
    return fixture.outcome(id);
  }

  it('carries the last 50 lines, not more', async () => {
    const outcome = await fixture.deploy(makeSpec({ command: ['/bin/sh', '-c', 'i=0; while [ $i -lt 80 ]; do i=$((i+1)); echo line $i; done; exit 1'] }));
    expect(outcome.failure?.logs.map((line) => line.text)).toEqual(Array.from({ length: 50 }, (_, index) => `line ${index + 31}`));
  });

  it('SEC-18 says so when the policy of the host refuses it', async () => {
    const strict = await openHostFixture({ policy: { ...defaultPolicy, pull: false, command_checks: false, images: ['dockup-test/'] } });
    try {
      expect(await strict.deploy(makeSpec({ image: images.nginx }))).toMatchObject({ status: 'failed', failure: { code: 'policy_refused', phase: 'validate' } });
      expect(await strict.deploy(makeSpec({ health_check: { ...quick, kind: 'command', command: ['true'] } }))).toMatchObject({ failure: { code: 'policy_refused' } });
      expect(await strict.deploy(makeSpec())).toMatchObject({ status: 'succeeded' });
    } finally {
      await strict.close();
    }
  });

  it('SEC-11 tells no environment value to the log', async () => {
    await fixture.deploy(makeSpec({ env: { EXIT_CODE: '1', TOKEN: 'planted-secret' } }));
    expect(fixture.logs.join('\n')).not.toContain('planted-secret');
  });
});

/** It answers 1.2 s late what a container is like. */
function slowToInspect(docker: Dockerode): Dockerode {
  return alteredDocker(docker, {
    getContainer: (id) => {
      const container = docker.getContainer(id);
      const inspect = container.inspect.bind(container);
      container.inspect = () => sleep(1_200).then(() => inspect());
      return container;
    },
  });
}
