/** The Docker engine does not answer: callers are told at once, apps serve on, and everything comes back by itself (REL-01, REL-11). */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { serverPage } from '../../shared/api/servers.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { createEngineGate, type EngineGate } from '../support/engine-gate.ts';
import { images } from '../support/images.ts';

describe('REL-01 an engine that does not answer', () => {
  let folder: string;
  let gate: EngineGate;
  let dockup: Dockup;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockup-gate-'));
    gate = await createEngineGate(join(folder, 'docker.sock'));
    dockup = await startDockup({ host: inject('host'), env: { DOCKUP_DOCKER_SOCKET: gate.path } });
    const project = await dockup.createProject();
    await dockup.createApp(project.id, { name: 'calm', slug: 'calm', image: images.busybox, internal_port: 80, env: { VERSION: 'calm' } });
    await dockup.deploy('calm');
  });
  afterAll(async () => {
    await dockup.stop();
    gate.shut();
    await rm(folder, { recursive: true, force: true });
  });

  /** Deployments that still clean up behind themselves: the next one waits for that, and with an engine that is away it waits for the engine. */
  const openWork = async () => {
    const journal = join(dockup.dataDir, 'executor/journal');
    const entries = await Promise.all((await readdir(journal)).filter((name) => name.endsWith('.json')).map(async (name) => JSON.parse(await readFile(join(journal, name), 'utf8'))));
    return entries.filter((entry) => !entry.isDone).map((entry) => entry.deployment);
  };

  const serverStatus = async () => (await dockup.expect(200, serverPage, dockup.request('GET', '/api/v1/servers'))).data[0]?.status;

  test('makes its server degraded, not offline, within 30 s', async () => {
    await expect.poll(openWork, { timeout: 30_000 }).toEqual([]);
    gate.shut();
    await expect.poll(serverStatus, { timeout: 30_000 }).toBe('degraded');
  });

  test('is told to callers as engine_unreachable, and the app serves on', async () => {
    expect(await dockup.request('POST', '/api/v1/apps/calm/stop')).toMatchObject({ status: 503, body: { code: 'engine_unreachable' } });
    expect(await dockup.request('GET', '/api/v1/apps/calm/logs')).toMatchObject({ status: 503, body: { code: 'engine_unreachable' } });
    expect((await dockup.deployBadly('calm')).problem).toMatchObject({ status: 503, code: 'engine_unreachable' });
    expect(await dockup.visit('calm')).toMatchObject({ status: 200, body: 'calm\n' });
  });

  test('REL-11 that answers again is online within 30 s, and the status was never a phantom "stopped"', async () => {
    await gate.open();
    await expect.poll(serverStatus, { timeout: 30_000 }).toBe('online');
    expect((await dockup.getApp('calm')).status).toBe('running');
    await dockup.deploy('calm');
    expect(await dockup.visit('calm')).toMatchObject({ status: 200, body: 'calm\n' });
  });
});
