/** An engine that answers every question, and never comes back from one change of one container. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { DeployHost } from '../../executor/deploy/host.ts';
import { sweep } from '../../executor/deploy/sweep.ts';
import { keepWatch } from '../../executor/observe/keep-watch.ts';
import { alteredDocker } from '../support/altered-docker.ts';
import { ensureImages } from '../support/images.ts';
import { docker, eventually, openHostFixture, type HostFixture } from './host-fixture.ts';
import { makeId, makeSpec } from './spec.ts';

type Verb = 'start' | 'stop' | 'remove';

let fixture: HostFixture;
/** What the engine does not come back from. */
const hung = new Set<Verb>();
/** Containers that it cannot say anything about. */
const mute = new Set<string>();

beforeAll(async () => {
  await ensureImages();
  fixture = await openHostFixture({ wrap: withHangs });
});
beforeEach(() => {
  hung.clear();
  mute.clear();
});
afterAll(async () => {
  hung.clear();
  await fixture.close();
});

/** With 4 s of patience, where a real one has two minutes. */
function withHangs(host: DeployHost): DeployHost {
  const { engine } = host;
  const docker = alteredDocker(engine.docker, {
    getContainer: (id) => {
      const container = engine.docker.getContainer(id);
      for (const verb of ['start', 'stop', 'remove'] as const) {
        const ask = container[verb].bind(container) as (options?: object) => Promise<unknown>;
        container[verb] = (options: { abortSignal?: AbortSignal } = {}) => (hung.has(verb) ? never(options.abortSignal) : ask(options));
      }
      return container;
    },
  });
  const quick = alteredDocker(engine.quick, {
    getContainer: (id) => {
      const container = engine.quick.getContainer(id);
      const inspect = container.inspect.bind(container);
      container.inspect = () => (mute.has(id) ? Promise.reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })) : inspect());
      return container;
    },
  });
  return { ...host, engine: { ...engine, docker, quick, patience: 4_000 } };
}

async function never(signal?: AbortSignal): Promise<never> {
  if (signal !== undefined) await once(signal, 'abort');
  else await new Promise(() => undefined);
  throw new Error('aborted');
}

const states = async (app: string): Promise<string[]> => (await ofApp(app)).map(({ State }) => State);
const ofApp = async (app: string): Promise<Dockerode.ContainerInfo[]> => (await fixture.containers()).filter(({ Labels }) => Labels['dockup.app'] === app);

it('REL-08 an action that the engine does not come back from ends in time, changes nothing, and keeps no later one waiting', async () => {
  const spec = makeSpec({ stop_timeout: 0 });
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
  hung.add('stop');
  await expect(fixture.handlers.act({ app: spec.app, action: 'stop' }, new AbortController().signal)).rejects.toMatchObject({ code: 'deadline_exceeded', message: expect.stringContaining('stop container') });
  expect(await states(spec.app)).toEqual(['running']);
  expect(fixture.proxy.routes().find(({ app }) => app === spec.app)?.targets).toHaveLength(1);
  hung.clear();
  expect(await fixture.handlers.act({ app: spec.app, action: 'stop' }, new AbortController().signal)).toEqual({ status: 'stopped' });
});

it('REL-08 a deployment whose container never comes to be started fails, and the next one succeeds', async () => {
  const spec = makeSpec();
  hung.add('start');
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'failed', failure: { code: 'deadline_exceeded', phase: 'start' } });
  await expect.poll(() => states(spec.app)).toEqual([]);
  hung.clear();
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
});

it('REL-07 what the engine did not remove when a deployment failed is removed with one of the next reports', async () => {
  const spec = makeSpec({ env: { EXIT_CODE: '1' } });
  hung.add('remove');
  const { host, deployments, observer } = fixture;
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'failed' });
  await deployments.settled(spec.app);
  expect(await ofApp(spec.app)).toHaveLength(1);
  hung.clear();
  const stop = new AbortController();
  const watching = keepWatch({ host, deployments, observer, reportInterval: () => 0.05, signal: stop.signal });
  // Of the first look, when the engine is found there, nothing is left: what comes now is found at intervals.
  await eventually(async () => ((await ofApp(spec.app)).length === 0 ? true : undefined));
  hung.add('remove');
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'failed' });
  await deployments.settled(spec.app);
  expect(await ofApp(spec.app)).toHaveLength(1);
  hung.clear();
  await eventually(async () => ((await ofApp(spec.app)).length === 0 ? true : undefined));
  stop.abort();
  await watching;
});

it('REL-13 an app whose failed container the engine keeps has its old one back as soon as the engine lets go', async () => {
  const spec = makeSpec({ volumes: [{ name: 'data', mount_path: '/data' }], stop_timeout: 0, drain_timeout: 0 });
  const good = await fixture.deploy(spec);
  expect(good).toMatchObject({ status: 'succeeded' });
  const { deployments } = fixture;
  await deployments.settled(spec.app);
  hung.add('remove');
  expect(await fixture.deploy({ ...spec, internal_port: 81, health_check: { kind: 'tcp', interval: 1, timeout: 1, grace: 1 } })).toMatchObject({ status: 'failed' });
  await deployments.settled(spec.app);
  // Both would write to the volume.
  expect((await states(spec.app)).toSorted()).toEqual(['exited', 'running']);
  hung.clear();
  deployments.retry();
  deployments.retry();
  await deployments.settled(spec.app);
  expect((await ofApp(spec.app)).map(({ State, Labels }) => [State, Labels['dockup.deployment']])).toEqual([['running', good.deployment]]);
  expect(fixture.host.journal.unfinished().filter((kept) => kept.spec.app === spec.app)).toEqual([]);
});

it('REL-11 a container that the engine cannot say anything about keeps nobody from knowing of the others', async () => {
  const [wedged, other] = [makeSpec(), makeSpec()];
  for (const spec of [wedged, other]) expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
  const { observer, events } = fixture;
  await observer.report();
  const [container] = await ofApp(wedged.app);
  await docker.getContainer(container?.Id ?? '').kill();
  await eventually(async () => ((await states(wedged.app))[0] === 'exited' ? true : undefined));
  mute.add(container?.Id ?? '');
  await fixture.handlers.act({ app: other.app, action: 'stop' }, new AbortController().signal);
  events.length = 0;
  await observer.report();
  const statuses = Object.fromEntries(events.flatMap((event) => (event.kind === 'report' ? event.apps : [])).map(({ app, status }) => [app, status]));
  expect(events.at(-1)).toMatchObject({ kind: 'report', engine: 'reachable' });
  expect(statuses).toMatchObject({ [other.app]: 'stopped', [wedged.app]: 'running' });
  mute.clear();
  await observer.report();
  expect(await observer.status(wedged.app)).toBe('crashed');
});

it('an app that is being removed is left to its removal: nothing of it comes back, its kept log neither', async () => {
  const spec = makeSpec();
  const failed = makeSpec({ ...spec, env: { EXIT_CODE: '1' } });
  expect(await fixture.deploy(spec)).toMatchObject({ status: 'succeeded' });
  hung.add('remove');
  expect(await fixture.deploy(failed, makeId('deployment'))).toMatchObject({ status: 'failed' });
  const { host, deployments } = fixture;
  await deployments.settled(spec.app);
  expect(await ofApp(spec.app)).toHaveLength(2);
  hung.clear();
  const removing = fixture.handlers.remove_app({ app: spec.app, volumes: [] }, new AbortController().signal);
  const before = fixture.logs.length;
  await sweep(host, deployments);
  expect(fixture.logs.slice(before).join('\n')).not.toContain('no deployment accounts for');
  await removing;
  await sweep(host, deployments);
  expect({ containers: await ofApp(spec.app), hasLogs: existsSync(join(fixture.dir, 'logs', spec.app)) }).toEqual({ containers: [], hasLogs: false });
});
