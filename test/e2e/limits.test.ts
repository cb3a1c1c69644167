/** Limits changed live, through the API and on a real container. */
import Dockerode from 'dockerode';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { app } from '../../shared/api/apps.ts';
import { deployment, deploymentPage } from '../../shared/api/deployments.ts';
import { eventPage } from '../../shared/api/events.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { images } from '../support/images.ts';
import { startLoad } from '../support/load.ts';

const docker = new Dockerode();
const megabyte = 1024 * 1024;

describe('the limits of an app', () => {
  let dockup: Dockup;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    const project = await dockup.createProject();
    await dockup.createApp(project.id, { name: 'shop', slug: 'shop', image: images.node, internal_port: 80, stop_timeout: 1, drain_timeout: 2 });
    await dockup.createApp(project.id, { name: 'fresh', slug: 'fresh', image: images.node, internal_port: 80 });
    await dockup.deploy('shop');
  });
  afterAll(() => dockup.stop());

  const change = (body: object, slug = 'shop') => dockup.request('PUT', `/api/v1/apps/${slug}`, { body });
  const countDeployments = async () => (await dockup.expect(200, deploymentPage, dockup.request('GET', '/api/v1/apps/shop/deployments'))).data.length;

  async function inspect() {
    const { id } = await dockup.getApp('shop');
    const [container] = await docker.listContainers({ all: true, filters: { label: [`dockup.app=${id}`] } });
    const { Id, State, HostConfig } = await docker.getContainer(container?.Id ?? '').inspect();
    return { id: Id, startedAt: State.StartedAt, memory: (HostConfig.Memory ?? 0) / megabyte, cpus: (HostConfig.NanoCpus ?? 0) / 1e9 };
  }

  test('are set, raised and lowered on the running container, which is neither replaced nor restarted', async () => {
    const before = await inspect();
    for (const [memory_limit, cpu_limit] of [[512, 1], [1024, 1.5], [256, 0.5]]) {
      expect(app.parse((await change({ memory_limit, cpu_limit })).body)).toMatchObject({ memory_limit, cpu_limit });
      expect(await inspect()).toEqual({ ...before, memory: memory_limit, cpus: cpu_limit });
    }
    expect(await countDeployments()).toBe(1);
    const { data } = await dockup.expect(200, eventPage, dockup.request('GET', '/api/v1/apps/shop/events'));
    expect(data.find(({ type }) => type === 'app.limits')).toMatchObject({
      actor: expect.stringMatching(/^usr_/),
      message: expect.stringContaining('memory 1024 MB to 256 MB'),
      data: { memory_limit: { from: 1024, to: 256 }, cpu_limit: { from: 1.5, to: 0.5 }, applied: 'live' },
    });
  });

  test('are kept by the next deploy', async () => {
    await dockup.deploy('shop');
    expect(await inspect()).toMatchObject({ memory: 256, cpus: 0.5 });
  });

  test.each([
    ['below what the app uses', { memory_limit: 8, cpu_limit: 1 }, 409, 'limit_below_usage', /8 MB.* uses \d+\.\d MB/],
    ['above what the server has', { cpu_limit: 1000 }, 422, 'limit_out_of_range', /1000 cores.* has \d+/],
  ])('are refused %s, with the figures, and nothing changes', async (_name, body, status, code, figures) => {
    const [container, settings] = [await inspect(), await dockup.getApp('shop')];
    expect(await change({ ...body, name: 'renamed' })).toMatchObject({ status, body: { code, detail: expect.stringMatching(figures) } });
    expect(await inspect()).toEqual(container);
    expect(await dockup.getApp('shop')).toMatchObject({ name: 'shop', memory_limit: settings.memory_limit, cpu_limit: settings.cpu_limit, updated_at: settings.updated_at });
  });

  test('are taken away by a deployment of the image that runs, without losing a request', async () => {
    const [before, count] = [await inspect(), await countDeployments()];
    const load = startLoad({ port: dockup.httpPort, host: `shop-app.localhost:${dockup.httpPort}` });
    const reply = await change({ memory_limit: null });
    expect(reply.status).toBe(202);
    expect(app.parse(reply.body)).toMatchObject({ memory_limit: null, cpu_limit: 0.5 });
    const location = reply.headers.get('location') ?? '';
    expect(location).toMatch(/^\/api\/v1\/deployments\/dep_/);
    await expect.poll(async () => (await dockup.expect(200, deployment, dockup.request('GET', location))).status, { timeout: 30_000 }).toBe('succeeded');
    await expect.poll(async () => (await inspect()).memory, { timeout: 20_000 }).toBe(0);
    expect((await load.stop()).failures).toEqual([]);

    expect(await inspect()).toMatchObject({ memory: 0, cpus: 0.5 });
    expect((await inspect()).id).not.toBe(before.id);
    expect(await countDeployments()).toBe(count + 1);
    const { data } = await dockup.expect(200, eventPage, dockup.request('GET', '/api/v1/apps/shop/events'));
    expect(data.find(({ type }) => type === 'deployment.requested')?.message).toMatch(/a limit was taken away/);
    expect(data.find(({ type }) => type === 'app.limits')).toMatchObject({ data: { memory_limit: { from: 256, to: null }, applied: 'redeploy' } });
  });

  test('of an app that was never deployed are only written', async () => {
    expect(await change({ memory_limit: 8 }, 'fresh')).toMatchObject({ status: 200, body: { memory_limit: 8 } });
    expect(await change({ memory_limit: null }, 'fresh')).toMatchObject({ status: 200, body: { memory_limit: null } });
  });
});
