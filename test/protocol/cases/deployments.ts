import { expect, test } from 'vitest';
import { deployment } from '../../../shared/api/deployments.ts';
import { AppError } from '../../../shared/errors.ts';
import type { DeploymentFailure } from '../../../shared/protocol/events.ts';
import type { Connection } from '../../support/fake-executor.ts';
import { accepting, progress, readDeployment, requestDeploy, setScene, succeeded, type Plane } from './scene.ts';

const failure: DeploymentFailure = {
  code: 'health_check_failed',
  message: 'GET / answered 503 for 60 s',
  phase: 'health',
  exit_code: 137,
  oom_killed: true,
  last_probe: '503 Service Unavailable: warming up',
  logs: Array.from({ length: 50 }, (_, i) => ({ time: '2026-11-22T18:50:28.123456789Z', stream: 'stderr' as const, text: `line ${i}` })),
};

export function deploymentCases(plane: Plane): void {
  /** The ids of the deployments handed over so far, in order. */
  const handedOver = (connection: Connection) => connection.calls('deploy').map((call) => call.params.deployment);
  const untilHandedOver = (connection: Connection, id: string) => connection.until(() => handedOver(connection).find((known) => known === id));

  test('a deploy is accepted with 202 and Location, and handed over with the whole specification', async () => {
    const { executor, app } = await setScene(plane());
    await plane().request('PUT', `/api/v1/apps/${app.slug}`, { body: { env: { TOKEN: 's3cret' }, memory_limit: 64, health_check: { path: '/up' } } });
    const connection = await executor.connect(accepting);
    const reply = await plane().request('POST', `/api/v1/deploy/${app.slug}`);
    expect(reply.status).toBe(202);
    const accepted = deployment.parse(reply.body);
    expect(reply.headers.get('location')).toBe(`/api/v1/deployments/${accepted.id}`);
    expect(accepted).toMatchObject({ app_id: app.id, server_id: executor.serverId, status: 'running', position: null, image: 'nginx:alpine', failure: null, finished_at: null });
    expect(connection.calls('deploy')[0]?.params).toMatchObject({
      deployment: accepted.id,
      spec: { app: app.id, slug: app.slug, hosts: [`${app.slug}-app.localhost`], image: 'nginx:alpine', env: { TOKEN: 's3cret' }, memory_limit: 64, health_check: { kind: 'http', path: '/up' } },
    });

    await connection.tell(progress(accepted, { phase: 'health' }));
    expect(await readDeployment(plane(), accepted.id)).toMatchObject({ status: 'running', phase: 'health' });
    await connection.tell(progress(accepted, succeeded));
    expect(await readDeployment(plane(), accepted.id)).toMatchObject({ status: 'succeeded', phase: 'done', image_id: 'sha256:2c5f', finished_at: expect.any(String) });
    await connection.close();
  });

  test('one that its executor does not answer to is delivered again, and whoever asked is not kept longer than they wait', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect({ deploy: () => (connection.calls('deploy').length > 1 ? { accepted: true } : new Promise(() => undefined)) });
    const reply = await plane().request('POST', `/api/v1/deploy/${app.slug}?wait=5`);
    expect(reply).toMatchObject({ status: 202, body: { status: 'running', phase: 'queued' } });
    // Answered before the call is given up, which is after ten seconds of silence.
    expect(handedOver(connection)).toHaveLength(1);
    await expect.poll(() => handedOver(connection), { timeout: 20_000 }).toHaveLength(2);
    expect(new Set(handedOver(connection)).size).toBe(1);
    await connection.close();
  }, 40_000);

  test.each([
    ['?wait=30', {}],
    ['', { prefer: 'respond-async, wait=30' }],
  ])('a caller that waits (%s %o) is answered when it ends', async (query, headers) => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect(accepting);
    const reply = plane().request('POST', `/api/v1/deploy/${app.slug}${query}`, { headers });
    const call = await connection.until(() => connection.calls('deploy')[0]);
    const began = performance.now();
    await connection.tell(progress({ id: call.params.deployment, app_id: app.id }, succeeded));
    expect(await reply).toMatchObject({ status: 200, body: { id: call.params.deployment, status: 'succeeded' } });
    expect(performance.now() - began).toBeLessThan(2_000);
    await connection.close();
  });

  test('a caller whose patience ends before the deployment is answered 202', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect(accepting);
    expect(await plane().request('POST', `/api/v1/deploy/${app.slug}?wait=1`)).toMatchObject({ status: 202, body: { status: 'running' } });
    await connection.close();
  });

  test('REL-14 a failed deployment says why: to the caller that waits, and later to everybody', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect(accepting);
    const reply = plane().request('POST', `/api/v1/deploy/${app.slug}?wait=30`);
    const call = await connection.until(() => connection.calls('deploy')[0]);
    await connection.tell(progress({ id: call.params.deployment, app_id: app.id }, { status: 'failed', phase: 'health', failure }));
    expect(await reply).toMatchObject({ status: 422, body: { code: 'health_check_failed', detail: failure.message, deployment: { status: 'failed', phase: 'health', failure } } });
    expect((await readDeployment(plane(), call.params.deployment)).failure).toEqual(failure);
    await connection.close();
  });

  test('a deployment that the executor refuses at once has failed with the reason it gave', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect({
      deploy: () => {
        throw new AppError('policy_refused', { detail: 'port 22 is kept for the host' });
      },
    });
    const reply = await plane().request('POST', `/api/v1/deploy/${app.slug}`);
    expect(reply).toMatchObject({ status: 422, body: { code: 'policy_refused', detail: 'port 22 is kept for the host', deployment: { status: 'failed' } } });
    await connection.close();
  });

  test('REL-20 deployments of an app run one at a time, first come first served, their positions visible', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect(accepting);
    const first = await requestDeploy(plane(), app);
    const second = await requestDeploy(plane(), app);
    const third = await requestDeploy(plane(), app);
    expect([first, second, third].map(({ status, position }) => [status, position])).toEqual([['running', null], ['queued', 1], ['queued', 2]]);
    expect(handedOver(connection)).toEqual([first.id]);

    await connection.tell(progress(first, succeeded));
    await untilHandedOver(connection, second.id);
    expect(await readDeployment(plane(), third.id)).toMatchObject({ status: 'queued', position: 1 });
    expect(handedOver(connection)).toEqual([first.id, second.id]);
    await connection.tell(progress(second, { status: 'failed', failure }));
    await untilHandedOver(connection, third.id);
    await connection.tell(progress(third, succeeded));
    await connection.close();
  });

  test('REL-20 of many that ask at once one runs', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect(accepting);
    const asked = await Promise.all(Array.from({ length: 6 }, () => requestDeploy(plane(), app)));
    const now = await Promise.all(asked.map(({ id }) => readDeployment(plane(), id)));
    expect(now.filter(({ status }) => status === 'running')).toHaveLength(1);
    expect(now.map(({ position }) => position).filter((position) => position !== null).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(handedOver(connection)).toHaveLength(1);
    await connection.close();
  });

  test('REL-20 cancelling a queued deployment takes it out of the queue, and nothing crosses the wire', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect(accepting);
    const first = await requestDeploy(plane(), app);
    const second = await requestDeploy(plane(), app);
    const cancelled = await plane().expect(200, deployment, plane().request('POST', `/api/v1/deployments/${second.id}/cancel`));
    expect(cancelled).toMatchObject({ status: 'cancelled', position: null });
    expect(connection.calls('cancel_deploy')).toEqual([]);
    await connection.tell(progress(first, succeeded));
    expect(handedOver(connection)).toEqual([first.id]);
    await connection.close();
  });

  test('REL-20 cancelling a running deployment ends it, and tells the caller that waits', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect({
      ...accepting,
      cancel_deploy: ({ deployment: id }) => {
        void connection.tell(progress({ id, app_id: app.id }, { status: 'cancelled', phase: 'pull' }));
        return { cancelled: true };
      },
    });
    const waiting = plane().request('POST', `/api/v1/deploy/${app.slug}?wait=30`);
    const call = await connection.until(() => connection.calls('deploy')[0]);
    const reply = await plane().request('POST', `/api/v1/deployments/${call.params.deployment}/cancel`);
    expect(reply).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await waiting).toMatchObject({ status: 409, body: { code: 'deployment_cancelled', deployment: { status: 'cancelled' } } });
    await connection.close();
  });

  test('REL-20 cancelling is answered at once also where the end is told before the executor answers', async () => {
    const { executor, app } = await setScene(plane());
    const connection: Connection = await executor.connect({
      ...accepting,
      cancel_deploy: async ({ deployment: id }) => {
        await connection.tell(progress({ id, app_id: app.id }, { status: 'cancelled', phase: 'pull' }));
        return { cancelled: true };
      },
    });
    const { id } = await requestDeploy(plane(), app);
    const began = performance.now();
    expect(await plane().request('POST', `/api/v1/deployments/${id}/cancel`)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    // It waits for 10 s where nothing is told.
    expect(performance.now() - began).toBeLessThan(8_000);
    await connection.close();
  });

  test('a deployment past its switch, or one that has ended, is not cancelled', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect({ ...accepting, cancel_deploy: () => ({ cancelled: false }) });
    const running = await requestDeploy(plane(), app);
    await connection.tell(progress(running, { phase: 'drain' }));
    const refused = { status: 409, body: { code: 'deployment_finished' } };
    expect(await plane().request('POST', `/api/v1/deployments/${running.id}/cancel`)).toMatchObject(refused);
    expect(await readDeployment(plane(), running.id)).toMatchObject({ status: 'running' });
    await connection.tell(progress(running, succeeded));
    expect(await plane().request('POST', `/api/v1/deployments/${running.id}/cancel`)).toMatchObject(refused);
    expect(connection.calls('cancel_deploy')).toHaveLength(1);
    await connection.close();
  });

  test('a deployment that its executor does not know is cancelled', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect({ ...accepting, cancel_deploy: () => ({ cancelled: false }) });
    const lost = await requestDeploy(plane(), app);
    const next = await requestDeploy(plane(), app);
    expect(await plane().request('POST', `/api/v1/deployments/${lost.id}/cancel`)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    // Who has just connected may be handed one over twice: it counts once.
    await untilHandedOver(connection, next.id);
    expect([...new Set(handedOver(connection))]).toEqual([lost.id, next.id]);
    await connection.close();
  });

  test('REL-06 an outcome counts once: what comes later changes nothing', async () => {
    const { executor, app } = await setScene(plane());
    const connection = await executor.connect(accepting);
    const running = await requestDeploy(plane(), app);
    await connection.tell(progress(running, succeeded));
    await connection.tell(progress(running, { status: 'failed', failure }));
    await connection.tell(progress(running, { status: 'running', phase: 'pull', at: Date.now() + 1_000 }));
    expect(await readDeployment(plane(), running.id)).toMatchObject({ status: 'succeeded', phase: 'done', failure: null });
    await connection.close();
  });
}
