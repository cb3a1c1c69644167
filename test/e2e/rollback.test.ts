/** Rollback: an earlier image through the same health-gated path. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { app } from '../../shared/api/apps.ts';
import { deployment, deploymentPage, type Deployment } from '../../shared/api/deployments.ts';
import { eventPage } from '../../shared/api/events.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { images } from '../support/images.ts';

describe('a rollback', () => {
  let dockup: Dockup;
  let first: Deployment;
  let second: Deployment;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    const project = await dockup.createProject();
    await dockup.createApp(project.id, { name: 'shop', slug: 'shop', image: images.nginx, internal_port: 80, stop_timeout: 1, drain_timeout: 1 });
    first = await dockup.deploy('shop');
    await dockup.createApp(project.id, { name: 'fresh', slug: 'fresh', image: images.busybox, internal_port: 80 });
  });
  afterAll(() => dockup.stop());

  const rollBack = (body?: object, query = '?wait=60') => dockup.request('POST', `/api/v1/apps/shop/rollback${query}`, body === undefined ? {} : { body });
  const change = (body: object) => dockup.expect(200, app, dockup.request('PUT', '/api/v1/apps/shop', { body }));

  test('needs an earlier deployment that succeeded', async () => {
    expect(await rollBack()).toMatchObject({ status: 409, body: { code: 'no_earlier_deployment' } });
    expect(await dockup.request('POST', '/api/v1/apps/fresh/rollback')).toMatchObject({ status: 409, body: { code: 'no_earlier_deployment' } });
    expect(await rollBack({ deployment_id: `dep_${'0'.repeat(22)}` })).toMatchObject({ status: 404, body: { code: 'deployment_not_found' } });
    expect(await rollBack({ deployment: 'x' })).toMatchObject({ status: 422, body: { code: 'unknown_field' } });
    expect((await dockup.expect(200, deploymentPage, dockup.request('GET', '/api/v1/apps/shop/deployments'))).data).toHaveLength(1);
  });

  test('brings the image before the current one back, and leaves the image in the settings', async () => {
    await change({ image: images.busybox, env: { VERSION: 'second' } });
    second = await dockup.deploy('shop');
    expect(await dockup.visit('shop')).toMatchObject({ body: 'second\n' });

    const rolledBack = await dockup.expect(200, deployment, rollBack());
    expect(rolledBack).toMatchObject({ status: 'succeeded', rollback_of: first.id, image_id: first.image_id });
    expect((await dockup.visit('shop')).body).toContain('Welcome to nginx');
    expect((await dockup.getApp('shop')).image).toBe(images.busybox);
    const { data } = await dockup.expect(200, eventPage, dockup.request('GET', '/api/v1/apps/shop/events'));
    const requested = data.find((event) => event.type === 'deployment.requested' && event.data['deployment_id'] === rolledBack.id);
    expect(requested?.message).toContain(`Rollback to deployment ${first.id}`);
  });

  test('goes to any deployment whose image is kept, with the settings of today', async () => {
    await change({ env: { VERSION: 'of today' } });
    expect(await dockup.expect(200, deployment, rollBack({ deployment_id: second.id }))).toMatchObject({ rollback_of: second.id, image_id: second.image_id });
    expect(await dockup.visit('shop')).toMatchObject({ body: 'of today\n' });
  });

  test('that does not become healthy leaves what serves alone', async () => {
    await change({ env: { EXIT_CODE: '1' } });
    expect(await rollBack({ deployment_id: second.id })).toMatchObject({ status: 422, body: { code: 'container_exited', deployment: { rollback_of: second.id } } });
    expect(await dockup.visit('shop')).toMatchObject({ body: 'of today\n' });
    await change({ env: { EXIT_CODE: null } });
  });

  test('answers 202 and where to follow it to a caller that does not wait', async () => {
    const reply = await rollBack({}, '');
    expect(reply.status).toBe(202);
    const { id } = deployment.parse(reply.body);
    expect(reply.headers.get('location')).toBe(`/api/v1/deployments/${id}`);
    await expect.poll(async () => (await dockup.expect(200, deployment, dockup.request('GET', `/api/v1/deployments/${id}`))).status, { timeout: 20_000 }).toBe('succeeded');
  });

  test('does not go further back than the images that are kept, nor to what never succeeded', async () => {
    await change({ env: { EXIT_CODE: '1' } });
    const { deployment: failed } = await dockup.deployBadly('shop');
    await change({ env: { EXIT_CODE: null } });
    expect(await rollBack({ deployment_id: failed.id })).toMatchObject({ status: 409, body: { code: 'image_not_kept', detail: expect.stringContaining('failed') } });
    for (let i = 0; i < 3; i++) await dockup.deploy('shop');
    expect(await rollBack({ deployment_id: first.id })).toMatchObject({ status: 409, body: { code: 'image_not_kept' } });
  });
});
