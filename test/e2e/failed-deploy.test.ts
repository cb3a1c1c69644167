/** REL-14: a deploy that fails says why, and what served before serves on. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { deployment } from '../../shared/api/deployments.ts';
import { eventPage } from '../../shared/api/events.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { images } from '../support/images.ts';

describe('REL-14 a failed deploy', () => {
  let dockup: Dockup;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    const project = await dockup.createProject();
    await dockup.createApp(project.id, { name: 'shop', slug: 'shop', image: images.busybox, internal_port: 80, env: { VERSION: 'good' } });
    await dockup.deploy('shop');
  });
  afterAll(() => dockup.stop());

  /** Puts the app back as it was first deployed, with the one thing changed that makes the next deploy fail. */
  async function spoil(change: Record<string, unknown>): Promise<void> {
    const sound = { image: images.busybox, command: null, memory_limit: 64, health_check: null, internal_port: 80, env: { VERSION: 'bad', EXIT_CODE: null, HEALTH: null, NEVER_LISTEN: null } };
    const reply = await dockup.request('PUT', '/api/v1/apps/shop', { body: { ...sound, ...change } });
    expect(reply.status).toBe(200);
  }

  async function expectGoodVersionServes(): Promise<void> {
    expect(await dockup.visit('shop')).toMatchObject({ status: 200, body: 'good\n' });
    expect((await dockup.getApp('shop')).status).toBe('running');
  }

  test('of a container that exits names the exit code and shows its last lines', async () => {
    await spoil({ env: { EXIT_CODE: '3' } });
    const failed = await dockup.deployBadly('shop');
    expect(failed.problem).toMatchObject({ status: 422, code: 'container_exited' });
    expect(failed.deployment).toMatchObject({ status: 'failed', phase: 'health', failure: { code: 'container_exited', exit_code: 3, oom_killed: false } });
    expect(failed.deployment.failure?.logs).toContainEqual(expect.objectContaining({ stream: 'stderr', text: 'cannot go on, leaving with 3' }));
    await expectGoodVersionServes();
  });

  test('of a container that runs out of memory says so', async () => {
    await spoil({ command: ['/bin/tail', '/dev/zero'], memory_limit: 16 });
    const failed = await dockup.deployBadly('shop');
    expect(failed.deployment.failure).toMatchObject({ code: 'container_exited', oom_killed: true });
    await expectGoodVersionServes();
  });

  test('of a container whose health check fails shows the last answer', async () => {
    await spoil({ env: { HEALTH: 'fail' }, health_check: { path: '/cgi-bin/healthz', grace: 2, interval: 1, timeout: 1 } });
    const failed = await dockup.deployBadly('shop');
    expect(failed.problem.code).toBe('health_check_failed');
    expect(failed.deployment.failure?.last_probe).toMatch(/500.*the database is away/s);
    await expectGoodVersionServes();
  });

  test('of a container that never listens ends after the grace time', async () => {
    await spoil({ env: { NEVER_LISTEN: '1' }, health_check: { path: '/', grace: 2, interval: 1, timeout: 1 } });
    const failed = await dockup.deployBadly('shop');
    expect(failed.deployment.failure).toMatchObject({ code: 'health_check_failed', phase: 'health' });
    expect(failed.deployment.failure?.last_probe).toMatch(/refused/i);
    await expectGoodVersionServes();
  });

  test('of a command that is not in the image says that it could not be started', async () => {
    await spoil({ command: ['/bin/no-such-program'] });
    const failed = await dockup.deployBadly('shop');
    expect(failed.problem.code).toBe('container_start_failed');
    await expectGoodVersionServes();
  });

  test('of an image that does not exist anywhere it looks names the image', async () => {
    await spoil({ image: 'localhost:1/no/such-image:1' });
    const failed = await dockup.deployBadly('shop');
    expect(failed.problem.code).toMatch(/^image_(not_found|pull_failed)$/);
    expect(failed.problem.detail).toContain('localhost:1/no/such-image:1');
    await expectGoodVersionServes();
  });

  test('can be read again later, by its id and in the events of the app', async () => {
    await spoil({ env: { EXIT_CODE: '7' } });
    const failed = await dockup.deployBadly('shop');
    const read = await dockup.expect(200, deployment, dockup.request('GET', `/api/v1/deployments/${failed.deployment.id}`));
    expect(read.failure).toEqual(failed.deployment.failure);
    const events = await dockup.expect(200, eventPage, dockup.request('GET', '/api/v1/apps/shop/events'));
    expect(events.data).toContainEqual(expect.objectContaining({ type: 'deployment.failed', data: expect.objectContaining({ deployment_id: failed.deployment.id, code: 'container_exited' }) }));
  });
});
