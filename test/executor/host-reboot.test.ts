/** REL-10: the machine loses its power, and there is no control plane. Engine, HAProxy, Caddy and executor are real; the engine is one of this test's own. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../scripts/local/ports.ts';
import { labels } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { ensureImages, images } from '../support/images.ts';
import { startEngine, type OwnEngine } from '../support/own-engine.ts';
import { createExecutorLives, deploy, outcomeOf, type ExecutorLives } from './executor-lives.ts';
import { eventually } from './host-fixture.ts';
import { openHub, type Connection, type HubFixture } from './hub-fixture.ts';
import { visit } from './proxy-client.ts';
import { makeId, makeSpec } from './spec.ts';

const serverId = makeId('server');
let engine: OwnEngine;
let hub: HubFixture;
let executor: ExecutorLives;
let dir: string;
let [httpPort, httpsPort] = [0, 0];

const lasting: Partial<AppSpec> = { restart_policy: { name: 'unless-stopped', maximum_retries: 0 }, stop_timeout: 1, drain_timeout: 0 };
const [shared, other] = [makeId('project'), makeId('project')];
const app = (version: string, change: Partial<AppSpec> = {}) => makeSpec({ ...lasting, env: { VERSION: version }, ...change });
const serving = [
  app('one', { project: shared }),
  app('two', { project: shared }),
  app('three', { project: other }),
  ...Array.from({ length: 7 }, (_, i) => app(`alone ${i}`)),
  app('checked', { health_check: { kind: 'http', path: '/', interval: 1, timeout: 1, grace: 10 } }),
  app('always', { restart_policy: { name: 'always', maximum_retries: 0 } }),
  // What it has written to its volume before is what it serves.
  app('volume', { volumes: [{ name: 'data', mount_path: '/www' }], strategy: 'stop-first' }),
];
const stopped = app('stopped');
const changing = app('before');

beforeAll(async () => {
  await ensureImages();
  [engine, hub, dir, httpPort, httpsPort] = await Promise.all([startEngine(), openHub(serverId), mkdtemp(join(tmpdir(), 'dockup-reboot-')), findFreePort(), findFreePort()]);
  await engine.copyImage(images.busybox);
  const env = { DOCKUP_EXECUTOR_DIR: dir, DOCKUP_DOCKER_SOCKET: engine.socketPath, DOCKUP_HTTP_PORT: String(httpPort), DOCKUP_HTTPS_PORT: String(httpsPort), DOCKUP_NETWORK_POOL: '10.253.0.0/18' };
  executor = createExecutorLives(hub, env);
});
afterAll(async () => {
  await executor?.end('SIGKILL');
  await Promise.all([engine?.close(), hub?.close()]);
  await rm(dir, { recursive: true, force: true });
});

const answerOf = ({ hosts: [host = ''] }: AppSpec) => visit(httpPort, host).then(({ status, body }) => `${status} ${body}`.trim(), () => 'refused');
const answers = async () => Object.fromEntries(await Promise.all([...serving, stopped].map(async (spec) => [spec.env['VERSION'], await answerOf(spec)])));
const expected = { ...Object.fromEntries(serving.map(({ env }) => [env['VERSION'], `200 ${env['VERSION']}`])), stopped: expect.stringMatching(/^503/) };

async function deployed(connection: Connection, spec: AppSpec): Promise<void> {
  const id = makeId('deployment');
  deploy(connection, id, spec);
  expect(await outcomeOf(connection, id)).toMatchObject({ status: 'succeeded' });
}

async function certificate(): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: httpsPort, servername: serving[0]?.hosts[0] ?? '', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return new X509Certificate(raw).serialNumber;
}

const containers = async () => {
  const found = await engine.docker.listContainers({ all: true, filters: { label: [`${labels.server}=${serverId}`] } });
  const started = await Promise.all(found.map(async ({ Id }) => (await engine.docker.getContainer(Id).inspect()).State.StartedAt));
  return found.map(({ Id, State }, i) => `${Id} ${State} ${started[i]}`).sort();
};

describe('REL-10 with the control plane gone for good, a host whose power fails', () => {
  let serial: string;
  const interrupted = makeId('deployment');

  let before: unknown;

  beforeAll(async () => {
    const connection = await executor.connected();
    await Promise.all([...serving, stopped, changing].map((spec) => deployed(connection, spec)));
    connection.send({ type: 'call', id: 'stop', method: 'act', params: { app: stopped.app, action: 'stop' } });
    await eventually(() => connection.received.find((message) => message.type === 'ok' && message.id === 'stop'));
    serial = await certificate();
    // Half-way through when the lights go out.
    deploy(connection, interrupted, { ...changing, env: { VERSION: 'after', START_DELAY: '3' } });
    await eventually(() => connection.received.find((message) => message.type === 'event' && message.event.kind === 'deployment' && message.event.deployment === interrupted && message.event.phase === 'health'));
    before = await answers();
    await hub.close();
    await executor.end('SIGKILL');
    await engine.powerOff();
  });

  it('has every app back with its route and its certificate within 60 s of the engine, without anybody\'s help', async () => {
    expect(before).toEqual(expected);
    expect(await answerOf(changing)).toBe('refused');
    const begun = Date.now();
    await engine.start();
    await expect.poll(answers, { timeout: 60_000 }).toEqual(expected);
    await expect.poll(() => certificate().catch(() => 'none'), { timeout: 60_000 }).toBe(serial);
    expect(await answerOf(changing)).toBe('200 before');
    expect(Date.now() - begun).toBeLessThan(60_000);
  });

  it('REL-07 has its executor finish the deployment that was interrupted, and touch nothing else', async () => {
    const found = new Set(await containers());
    executor.start();
    await expect.poll(() => answerOf(changing), { timeout: 60_000 }).toBe('200 after');
    await expect.poll(async () => JSON.parse(await readFile(join(dir, `journal/${interrupted}.json`), 'utf8')), { timeout: 60_000 }).toMatchObject({ isDone: true, isAcknowledged: false, outcome: { status: 'succeeded' } });
    expect(await answers()).toEqual(expected);
    // All that ran runs, but for the container that was replaced.
    expect((await containers()).filter((line) => found.has(line))).toHaveLength(found.size - 1);
    expect(executor.output()).toContain('not connected; trying again for ever');
  });

  it('keeps everything when the power fails once more', async () => {
    await executor.end('SIGKILL');
    await engine.powerOff();
    await engine.start();
    await expect.poll(answers, { timeout: 60_000 }).toEqual(expected);
    // This one takes seconds to listen.
    await expect.poll(() => answerOf(changing), { timeout: 60_000 }).toBe('200 after');
  });
});
