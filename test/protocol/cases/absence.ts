import { expect, test } from 'vitest';
import { enrolExecutor } from '../../support/fake-executor.ts';
import { accepting, addApp, connectAndServe, progress, readDeployment, requestDeploy, setScene, succeeded, type Plane } from './scene.ts';

/** What happens while an executor is away, and when it returns. */
export function absenceCases(plane: Plane): void {
  const deploymentsOf = async (app: string) => (await plane().request('GET', `/api/v1/apps/${app}/deployments`)).body;

  test('REL-09 a deploy to an executor that is away is 503 with Retry-After, and leaves nothing behind', async () => {
    const { app } = await setScene(plane());
    const reply = await plane().request('POST', `/api/v1/deploy/${app.slug}`);
    expect(reply).toMatchObject({ status: 503, body: { code: 'executor_offline' } });
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await deploymentsOf(app.slug)).toEqual({ data: [], next_cursor: null });
  });

  test('REL-09 with ?queue=true it is kept, and runs on return in the order asked for', async () => {
    const { executor, app } = await setScene(plane());
    const first = await requestDeploy(plane(), app, '?queue=true');
    const second = await requestDeploy(plane(), app, '?queue=true');
    expect([first, second].map(({ status, position }) => [status, position])).toEqual([['queued', 1], ['queued', 2]]);

    const connection = await executor.connect(accepting);
    const handedOver = () => connection.calls('deploy').map((call) => call.params.deployment);
    await connection.until(() => handedOver()[0]);
    await connection.tell(progress(first, succeeded));
    await connection.until(() => handedOver()[1]);
    await connection.tell(progress(second, succeeded));
    expect(handedOver()).toEqual([first.id, second.id]);
    expect(await readDeployment(plane(), second.id)).toMatchObject({ status: 'succeeded' });
    await connection.close();
  });

  test('REL-09 expired work is never run', async () => {
    const { executor, app } = await setScene(plane());
    const expired = await requestDeploy(plane(), app, '?queue=true');
    await plane().database.execute({ sql: 'update deployments set expires_at = ? where id = ?', args: [Date.now() - 1, expired.id] });
    const wanted = await requestDeploy(plane(), app, '?queue=true');
    const connection = await executor.connect(accepting);
    await connection.until(() => connection.calls('deploy')[0]);
    expect(connection.calls('deploy').map((call) => call.params.deployment)).toEqual([wanted.id]);
    await connection.close();
  });

  test('REL-08 a deployment that the executor lost is handed over again when it returns', async () => {
    const scene = await setScene(plane());
    const before = await scene.executor.connect(accepting);
    const running = await requestDeploy(plane(), scene.app);
    await before.cut();
    const after = await scene.executor.connect(accepting);
    const call = await after.until(() => after.calls('deploy')[0]);
    expect(call.params).toEqual(before.calls('deploy')[0]?.params);
    await after.tell(progress(running, succeeded));
    expect(await readDeployment(plane(), running.id)).toMatchObject({ status: 'succeeded' });
    await after.close();
  });

  test('REL-08 a deployment that hello lists is not handed over again', async () => {
    const { executor, app } = await setScene(plane());
    const other = await addApp(plane(), executor, app.project_id);
    const before = await executor.connect(accepting);
    const known = await requestDeploy(plane(), app);
    const lost = await requestDeploy(plane(), other);
    await before.cut();
    const after = await executor.connect(accepting, { deployments: [known.id] });
    await after.until(() => after.calls('deploy')[0]);
    await after.tell(progress(known, succeeded));
    expect(after.calls('deploy').map((call) => call.params.deployment)).toEqual([lost.id]);
    expect(await readDeployment(plane(), known.id)).toMatchObject({ status: 'succeeded' });
    await after.close();
  });

  test('SEC-17 an executor cannot end the deployment of another one', async () => {
    const { executor, app } = await setScene(plane());
    const own = await executor.connect(accepting);
    const running = await requestDeploy(plane(), app);
    const stranger = await (await enrolExecutor(plane())).connect();
    await stranger.tell(progress(running, succeeded));
    await stranger.tell(progress(running, { phase: 'cleanup', at: Date.now() + 1_000 }));
    expect(await readDeployment(plane(), running.id)).toMatchObject({ status: 'running', phase: 'queued' });
    await own.close();
    await stranger.close();
  });

  test('deleting an app takes it off its host first', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { remove_app: () => ({}), volumes: () => ({ volumes: [] }) });
    expect(await plane().request('DELETE', `/api/v1/apps/${scene.app.slug}`)).toMatchObject({ status: 204 });
    expect(connection.calls('remove_app').map((call) => call.params)).toEqual([{ app: scene.app.id, volumes: [] }]);
    expect(await plane().request('GET', `/api/v1/apps/${scene.app.id}`)).toMatchObject({ status: 404 });
    await connection.close();
  });

  test('deleting an app cancels its queue: the end of its running deployment hands nothing over', async () => {
    const { executor, app } = await setScene(plane());
    const running: string[] = [];
    const connection = await executor.connect({
      ...accepting,
      volumes: () => ({ volumes: [] }),
      remove_app: async () => {
        for (const id of running) await connection.tell(progress({ id, app_id: app.id }, { status: 'cancelled' }));
        return {};
      },
    });
    running.push((await requestDeploy(plane(), app)).id);
    await requestDeploy(plane(), app);
    expect(await plane().request('DELETE', `/api/v1/apps/${app.slug}`)).toMatchObject({ status: 204 });
    expect(connection.calls('deploy').map((call) => call.params.deployment)).toEqual(running);
    await connection.close();
  });

  test('a removal that takes long on a host that has returned holds up none of its facts', async () => {
    const scene = await setScene(plane());
    const other = await addApp(plane(), scene.executor, scene.app.project_id);
    await plane().request('DELETE', `/api/v1/apps/${scene.app.slug}?queue=true`);
    let end = () => {};
    const connection = await scene.executor.connect({ remove_app: () => new Promise((resolve) => (end = () => resolve({}))) });
    await connection.until(() => connection.calls('remove_app')[0]);
    await connection.tell({ kind: 'status', app: other.id, status: 'running', reason: null, at: Date.now() });
    expect(await plane().getApp(other.id)).toMatchObject({ status: 'running' });
    end();
    await expect.poll(async () => (await plane().database.execute('select * from removals')).rows, { timeout: 5_000 }).toEqual([]);
    await connection.close();
  });

  test('an app whose host is away is not deleted, unless that may be done later', async () => {
    const scene = await setScene(plane());
    expect(await plane().request('DELETE', `/api/v1/apps/${scene.app.slug}`)).toMatchObject({ status: 503, body: { code: 'executor_offline' } });
    expect(await plane().getApp(scene.app.id)).toMatchObject({ id: scene.app.id });

    expect(await plane().request('DELETE', `/api/v1/apps/${scene.app.slug}?queue=true`)).toMatchObject({ status: 202 });
    expect(await plane().request('GET', `/api/v1/apps/${scene.app.id}`)).toMatchObject({ status: 404 });

    const connection = await scene.executor.connect({ remove_app: () => ({}) });
    await connection.until(() => connection.calls('remove_app')[0]);
    expect(connection.calls('remove_app').map((call) => call.params)).toEqual([{ app: scene.app.id, volumes: [] }]);
    await expect.poll(async () => (await plane().database.execute('select * from removals')).rows, { timeout: 5_000 }).toEqual([]);
    await connection.close();
  });

  test('an app whose removal fails on the host stays as it was', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    expect(await plane().request('DELETE', `/api/v1/apps/${scene.app.slug}`)).toMatchObject({ status: 501, body: { code: 'unsupported_command' } });
    expect(await plane().getApp(scene.app.id)).toMatchObject({ status: 'running' });
    await connection.close();
  });
}
