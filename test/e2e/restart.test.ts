/** What goes away and comes back: the launcher, the executor, the proxy. Apps serve all the while (REL-10). */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { serverPage } from '../../shared/api/servers.ts';
import { labels } from '../../shared/names.ts';
import { root } from '../../scripts/local/settings.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { images } from '../support/images.ts';

describe('REL-10 apps keep serving', () => {
  let dockup: Dockup;
  const docker = new Docker();
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    const project = await dockup.createProject();
    await dockup.createApp(project.id, { name: 'steady', slug: 'steady', image: images.busybox, internal_port: 80, env: { VERSION: 'one' } });
    await dockup.deploy('steady');
  });
  afterAll(() => dockup.stop());

  const visit = async () => (await dockup.visit('steady')).status;
  const pidOf = async (name: string) => Number((await readFile(join(dockup.dataDir, 'run', `${name}.pid`), 'utf8')).split(' ')[0]);

  test('while API and executor are stopped, which takes SIGTERM and less than 10 s', async () => {
    expect(await dockup.halt()).toBeLessThan(10_000);
    await expect(dockup.request('GET', '/api/v1/system/status')).rejects.toThrow('fetch failed');
    expect(await visit()).toBe(200);
  });

  test('and can be deployed again after the next start, which needs no new credentials', async () => {
    await dockup.resume();
    expect(dockup.output()).not.toContain('First start');
    expect((await dockup.getApp('steady')).status).toBe('running');
    await dockup.request('PUT', '/api/v1/apps/steady', { body: { env: { VERSION: 'two' } } });
    await dockup.deploy('steady');
    expect((await dockup.visit('steady')).body).toBe('two\n');
  });

  test('a second start on the same directory is refused, in words, and disturbs nothing', async () => {
    const env = { ...process.env, PORT: '1', DOCKUP_DATA_DIR: dockup.dataDir };
    const second = spawnSync(process.execPath, [join(root, 'scripts/start.ts'), ...(dockup.host === 'edge' ? ['--edge'] : [])], { env, encoding: 'utf8' });
    expect(second.status).toBe(1);
    expect(second.stderr).toContain(`Dockup already runs on ${dockup.dataDir}`);
    expect((await dockup.request('GET', '/api/v1/system/status')).status).toBe(200);
  });

  test('while the executor is killed, which is started again by itself', async () => {
    process.kill(await pidOf('executor'), 'SIGKILL');
    expect(await visit()).toBe(200);
    await expect.poll(dockup.output, { timeout: 10_000 }).toContain('executor: ended with SIGKILL; starting it again in 1 s');
    await expect.poll(async () => (await dockup.expect(200, serverPage, dockup.request('GET', '/api/v1/servers'))).data[0]?.status, { timeout: 20_000 }).toBe('online');
    await dockup.deploy('steady');
  });

  test('after HAProxy was killed, with the routes it had', async () => {
    const [proxy] = await docker.listContainers({ filters: { label: [`${labels.server}=${dockup.serverId}`, `${labels.role}=proxy`] } });
    const { State } = await docker.getContainer(proxy?.Id ?? '').inspect();
    process.kill(State.Pid, 'SIGKILL');
    await expect.poll(() => visit().catch(() => 0), { timeout: 10_000 }).toBe(200);
  });

  test('after their container was removed behind our back, the status tells and a deploy repairs it', async () => {
    const [container] = await docker.listContainers({ filters: { label: [`${labels.server}=${dockup.serverId}`, `${labels.role}=app`] } });
    await docker.getContainer(container?.Id ?? '').remove({ force: true });
    await expect.poll(async () => (await dockup.getApp('steady')).status, { timeout: 40_000 }).not.toBe('running');
    await dockup.deploy('steady');
    expect(await visit()).toBe(200);
  });

  test('REL-07 while the API is killed, which is started again by itself, and the executor comes back to it', async () => {
    process.kill(await pidOf('api'), 'SIGKILL');
    await expect.poll(dockup.output, { timeout: 15_000 }).toMatch(/api: ended with (SIGKILL|exit code \d+); starting it again in 1 s/);
    expect(await visit()).toBe(200);
    const serverStatus = async () => (await dockup.expect(200, serverPage, dockup.request('GET', '/api/v1/servers'))).data[0]?.status;
    await expect.poll(() => serverStatus().catch(() => 'away'), { timeout: 60_000 }).toBe('online');
    await dockup.deploy('steady');
  });

  test('no token, password or key was written to a log', async () => {
    const logs = await dockup.logs();
    expect(logs).not.toBe('');
    const identity = await readFile(join(dockup.dataDir, 'executor', 'identity.json'), 'utf8');
    const privateKey = /"d": "([^"]+)"/.exec(identity)?.[1] ?? '';
    expect(privateKey).not.toBe('');
    expect([dockup.credentials.api_key, dockup.credentials.password, privateKey].filter((secret) => logs.includes(secret))).toEqual([]);
  });
});
