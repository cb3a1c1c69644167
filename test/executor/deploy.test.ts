/** Deployments on the real engine, from the spec to the container that serves. */
import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentEvent } from '../../shared/protocol/events.ts';
import { ensureImages } from '../support/images.ts';
import { docker, eventually, fetchText, openHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

let fixture: HostFixture;
beforeAll(async () => {
  await ensureImages();
  fixture = await openHostFixture();
});
afterAll(() => fixture.close());

const ofApp = async (app: string) => (await fixture.containers()).filter((container) => container.Labels['dockup.app'] === app);
const routeOf = (app: string) => fixture.proxy.routes().find((route) => route.app === app)?.targets[0];
const phasesOf = (deployment: string) => fixture.events.flatMap((event) => (event.kind === 'deployment' && event.deployment === deployment ? [event.phase] : []));

describe('a deployment', () => {
  it('starts a container, waits until it serves, routes to it and says so', async () => {
    const spec = makeSpec({ env: { VERSION: 'one' }, memory_limit: 64, cpu_limit: 0.5 });
    const outcome = await fixture.deploy(spec);
    expect(outcome).toMatchObject({ status: 'succeeded', phase: 'done', failure: null, image_id: expect.stringMatching(/^sha256:/) });
    expect(phasesOf(outcome.deployment)).toEqual(['queued', 'validate', 'create', 'start', 'health', 'switch', 'done']);
    const target = routeOf(spec.app);
    expect(target).toMatchObject({ id: outcome.deployment, port: 80 });
    expect(await fetchText(`${target?.address}`)).toBe('one\n');
    const [container] = await ofApp(spec.app);
    const { HostConfig } = await docker.getContainer(container?.Id ?? '').inspect();
    expect(HostConfig).toMatchObject({ Memory: 67_108_864, MemorySwap: 67_108_864, NanoCpus: 500_000_000, Privileged: false, Binds: null, SecurityOpt: ['no-new-privileges'], LogConfig: { Type: 'local' } });
  });

  it('replaces the one before: switch first, then drain, then remove', async () => {
    const spec = makeSpec({ env: { VERSION: 'one' } });
    const first = await fixture.deploy(spec);
    const second = await fixture.deploy({ ...spec, env: { VERSION: 'two' } });
    await fixture.deployments.settled(spec.app);
    expect(await fetchText(`${routeOf(spec.app)?.address}`)).toBe('two\n');
    expect((await ofApp(spec.app)).map((container) => container.Labels['dockup.deployment'])).toEqual([second.deployment]);
    const calls = fixture.proxy.calls.filter((call) => call.includes(first.deployment) || call.includes(second.deployment) || call.includes(spec.app));
    expect(calls).toEqual([`switch ${first.deployment}`, `drain ${spec.app}`, `switch ${second.deployment}`, `drain ${spec.app}`]);
  });

  it('of a worker waits a second, makes no route and replaces the old worker', async () => {
    const spec = makeSpec({ internal_port: null, health_check: { kind: 'started', interval: 10, timeout: 5, grace: 5 }, env: { NEVER_LISTEN: '1' } });
    await fixture.deploy(spec);
    const second = await fixture.deploy(spec);
    await fixture.deployments.settled(spec.app);
    expect(second.status).toBe('succeeded');
    expect(routeOf(spec.app)).toBeUndefined();
    expect(await ofApp(spec.app)).toHaveLength(1);
  });

  it('takes the route away when an app becomes a worker', async () => {
    const spec = makeSpec();
    await fixture.deploy(spec);
    await fixture.deploy({ ...spec, internal_port: null, health_check: { kind: 'started', interval: 10, timeout: 5, grace: 5 } });
    expect(routeOf(spec.app)).toBeUndefined();
  });

  it.each([
    ['an HTTP path', { kind: 'http' as const, path: '/cgi-bin/healthz', interval: 5, timeout: 2, grace: 10 }],
    ['a command', { kind: 'command' as const, command: ['/bin/sh', '-c', 'test -f /www/index.html || exit 1'], interval: 5, timeout: 2, grace: 10 }],
  ])('waits for %s to be healthy', async (_name, check) => {
    expect(await fixture.deploy(makeSpec({ health_check: check, env: { START_DELAY: '0.3' } }))).toMatchObject({ status: 'succeeded' });
  });

  it('REL-06 runs once, however often it is delivered, and tells its outcome again', async () => {
    const spec = makeSpec();
    const id = makeId('deployment');
    await Promise.all([fixture.deployments.accept(id, spec), fixture.deployments.accept(id, spec), fixture.deployments.accept(id, spec)]);
    const outcome = await fixture.outcome(id);
    await fixture.deployments.settled(spec.app);
    await fixture.deployments.accept(id, spec);
    expect(fixture.events.filter((event) => event.kind === 'deployment' && event.deployment === id && event.status === 'succeeded')).toEqual([outcome, outcome]);
    expect(await ofApp(spec.app)).toHaveLength(1);
    expect(fixture.proxy.calls.filter((call) => call === `switch ${id}`)).toHaveLength(1);
  });

  it('waits for the one before it, in the order they came', async () => {
    const spec = makeSpec();
    const ids = [1, 2, 3].map(() => makeId('deployment'));
    for (const id of ids) await fixture.deployments.accept(id, spec);
    for (const id of ids) expect((await fixture.outcome(id)).status).toBe('succeeded');
    await fixture.deployments.settled(spec.app);
    expect(fixture.proxy.calls.filter((call) => ids.some((id) => call === `switch ${id}`))).toEqual(ids.map((id) => `switch ${id}`));
    expect((await ofApp(spec.app)).map((container) => container.Labels['dockup.deployment'])).toEqual([ids[2]]);
  });

  it('gives apps of one project, deployed at once, an address each in one network', async () => {
    const project = makeId('project');
    const specs = [1, 2, 3, 4].map(() => makeSpec({ project }));
    const outcomes = await Promise.all(specs.map((spec) => fixture.deploy(spec)));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(4).fill('succeeded'));
    expect(new Set(specs.map((spec) => routeOf(spec.app)?.address)).size).toBe(4);
    expect((await fixture.networks()).filter((network) => network.Labels?.['dockup.project'] === project)).toHaveLength(1);
  });

  it('repairs a proxy that did not take the route, and tries once more', async () => {
    fixture.proxy.failures = 1;
    expect((await fixture.deploy(makeSpec())).status).toBe('succeeded');
    expect(fixture.proxy.calls).toContain('ensure');
  });

  it('SEC-06 hands every string on as it is: nothing of it runs in a shell', async () => {
    const canary = `${fixture.dir}/canary`;
    await mkdir(fixture.dir, { recursive: true });
    await writeFile(`${canary}-control`, '');
    const nasty = [`; touch ${canary}`, `$(touch ${canary})`, `\`touch ${canary}\``, `| touch ${canary}`, `&& touch ${canary}`, `\ntouch ${canary}\n`, '-oProxyCommand=touch', '--upload-pack=touch', `'"\\`];
    const spec = makeSpec({ command: ['/bin/serve', ...nasty], env: Object.fromEntries(nasty.map((text, index) => [`NASTY_${index}`, text])) });
    const outcome = await fixture.deploy(spec);
    expect(outcome.status).toBe('succeeded');
    const [container] = await ofApp(spec.app);
    const { Config } = await docker.getContainer(container?.Id ?? '').inspect();
    expect(Config.Cmd).toEqual(['/bin/serve', ...nasty]);
    expect(Config.Env).toEqual(expect.arrayContaining(nasty.map((text, index) => `NASTY_${index}=${text}`)));
    await expect(import('node:fs/promises').then((fs) => fs.stat(canary))).rejects.toThrow('ENOENT');
  });
});

describe('cancelling a deployment', () => {
  const never = { env: { NEVER_LISTEN: '1' }, health_check: { kind: 'tcp' as const, interval: 1, timeout: 1, grace: 60 } };

  it('ends one that waits for health, and leaves what serves alone', async () => {
    const spec = makeSpec({ env: { VERSION: 'one' } });
    const first = await fixture.deploy(spec);
    const id = makeId('deployment');
    await fixture.deployments.accept(id, { ...spec, ...never });
    await eventually(() => phasesOf(id).find((phase) => phase === 'health'));
    // Long enough that the wait for an exit is under way as well: either of the two could answer.
    await new Promise((resolve) => setTimeout(resolve, 800));
    const begun = Date.now();
    expect(await fixture.deployments.cancel(id, 'deployment_cancelled')).toBe(true);
    expect(await fixture.outcome(id)).toMatchObject({ status: 'cancelled', phase: 'health', failure: { code: 'deployment_cancelled' } });
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(routeOf(spec.app)?.id).toBe(first.deployment);
    expect(await ofApp(spec.app)).toHaveLength(1);
  });

  it('takes a queued one out of the queue at once', async () => {
    const spec = makeSpec(never);
    const [running, queued] = [makeId('deployment'), makeId('deployment')];
    await fixture.deployments.accept(running, spec);
    await fixture.deployments.accept(queued, spec);
    expect(await fixture.deployments.cancel(queued, 'deployment_cancelled')).toBe(true);
    expect(await fixture.outcome(queued)).toMatchObject({ status: 'cancelled', phase: 'queued' });
    await fixture.deployments.cancel(running, 'deployment_cancelled');
    await fixture.outcome(running);
    await fixture.deployments.settled(spec.app);
    expect(await ofApp(spec.app)).toEqual([]);
  });

  it('is too late after the end, and unknown otherwise', async () => {
    const outcome: DeploymentEvent = await fixture.deploy(makeSpec());
    expect(await fixture.deployments.cancel(outcome.deployment, 'deployment_cancelled')).toBe(false);
    expect(await fixture.deployments.cancel(makeId('deployment'), 'deployment_cancelled')).toBe(false);
  });

  it('REL-06 one that has ended is told apart from one that never came: only that one is free to be ended by who asks', async () => {
    const never = makeId('deployment');
    const { deployment } = await fixture.deploy(makeSpec());
    const cancel = (id: string) => fixture.handlers.cancel_deploy({ deployment: id }, new AbortController().signal);
    await expect(cancel(deployment)).rejects.toMatchObject({ code: 'deployment_finished' });
    expect(await cancel(never)).toEqual({ cancelled: false });
  });

  it('REL-06 one that comes after its cancellation is refused, and nothing of it runs', async () => {
    const spec = makeSpec();
    const id = makeId('deployment');
    expect(await fixture.deployments.cancel(id, 'deployment_cancelled')).toBe(false);
    await expect(fixture.deployments.accept(id, spec)).rejects.toMatchObject({ code: 'deployment_cancelled' });
    expect(fixture.host.journal.get(id)).toBeUndefined();
    expect(await ofApp(spec.app)).toEqual([]);
  });

  it('REL-06 one that is cancelled while it is being written to the disk ends as cancelled', async () => {
    const id = makeId('deployment');
    const accepting = fixture.deployments.accept(id, makeSpec(never));
    expect(await fixture.deployments.cancel(id, 'deployment_cancelled')).toBe(true);
    await accepting;
    expect(await fixture.outcome(id)).toMatchObject({ status: 'cancelled' });
  });
});
