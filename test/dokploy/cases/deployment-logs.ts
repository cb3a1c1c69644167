import { expect, test } from 'vitest';
import type { App } from '../../../shared/api/apps.ts';
import { createdApiKey } from '../../../shared/api/auth.ts';
import type { Deployment } from '../../../shared/api/deployments.ts';
import { newId } from '../../../shared/names.ts';
import { allCapabilities, logEndCapability } from '../../../shared/protocol/capabilities.ts';
import type { DeploymentFailure } from '../../../shared/protocol/events.ts';
import { connectAndServe, progress, requestDeploy, setScene, succeeded, type Plane, type Scene } from '../../protocol/cases/scene.ts';
import { addPerson } from '../../support/control-plane-world.ts';
import { callDokploy, expectDokploy } from '../../support/dokploy-client.ts';
import type { Connection } from '../../support/fake-executor.ts';
import { openSocket, type SocketClient } from '../../support/socket-client.ts';

const line = (n: number) => `${JSON.stringify({ time: `2026-11-22T18:50:28.${n}Z`, stream: 'stdout', text: `line ${n} ü`, cursor: `c1.x.${n}`, deployment: 'dep_1' })}\n`;
const plain = (n: number) => `line ${n} ü`;
const whole = { after: null, since: null, until: null, stream: null, search: null };
const failure: DeploymentFailure = { code: 'image_not_found', message: 'no such image:\nnginx:alpine', phase: 'pull', exit_code: null, oom_killed: false, last_probe: null, logs: [] };

export function deploymentLogCases(plane: Plane): void {
  const byKey = () => ({ headers: { 'x-api-key': plane().credentials.api_key } });
  const listen = (logPath: string, options: object = byKey()) => openSocket({ url: plane().url, path: `/listen-deployment?logPath=${logPath}&serverId=`, ...options });
  /** What was said, each line behind its time. */
  const said = (client: SocketClient) => client.text().split('\n').filter((text) => text !== '').map((text) => /^\d{4}-\d\d-\d\dT\S+Z (.+)$/.exec(text)?.[1]);
  const streamOf = async (connection: Connection, number = 0) => connection.until(() => connection.streams[number]);
  const isTold = (connection: Connection, number = 0) => connection.until(() => (connection.streams[number]?.isInputOver ? true : undefined));
  const requested = 'Deployment of nginx:alpine requested';

  async function stage(): Promise<Scene & { connection: Connection; deployment: Deployment }> {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    return { ...scene, connection, deployment: await requestDeploy(plane(), scene.app) };
  }
  const pathOf = async (app: App) => {
    const [row] = await expectDokploy<{ logPath: string }[]>(plane(), 'deployment.all', { applicationId: app.id });
    return row?.logPath ?? '';
  };

  test('of a deployment is what it does and what its container writes, up to its end and no further', async () => {
    const { app, connection, deployment } = await stage();
    const client = await listen(await pathOf(app));
    const stream = await streamOf(connection);
    expect(stream).toMatchObject({ kind: 'logs', params: { app: app.id, tail: null, filter: { ...whole, deployment: deployment.id } } });
    await connection.tell(progress(deployment, { phase: 'pull' }));
    await connection.tell(progress(deployment, { phase: 'pull' }));
    stream.write(line(1) + line(2));
    await expect.poll(() => said(client)).toEqual([requested, 'Waiting for its turn', 'Getting the image', plain(1), plain(2)]);
    await connection.tell(progress(deployment, { phase: 'health' }));
    await connection.tell(progress(deployment, succeeded));
    await isTold(connection);
    stream.write(line(3));
    await expect.poll(() => said(client).slice(5)).toEqual(['Waiting until the container is healthy', plain(3)]);
    stream.close();
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(said(client).slice(7)).toEqual(['Deployment succeeded']);
    for (const message of client.messages) expect(message).toMatch(/^(.+\n)+$/);
    await connection.close();
  });

  test('of one that waits for its turn waits with it, and tells how it failed in one line', async () => {
    const { app, connection, deployment: first } = await stage();
    const second = await requestDeploy(plane(), app);
    const client = await listen(second.id);
    await streamOf(connection);
    await connection.tell(progress(first, succeeded));
    await connection.until(() => connection.calls('deploy')[1]);
    expect(connection.streams[0]?.isInputOver).toBe(false);
    await connection.tell(progress(second, { phase: 'pull' }));
    await connection.tell(progress(second, { status: 'failed', phase: 'pull', failure }));
    await isTold(connection);
    connection.streams[0]?.close();
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(said(client)).toEqual([requested, 'Waiting for its turn', 'Getting the image', 'Deployment failed: no such image: nginx:alpine']);
    await connection.close();
  });

  test('waits for the end of the deployment where its container is gone before it', async () => {
    const { connection, deployment } = await stage();
    const client = await listen(deployment.id);
    const stream = await streamOf(connection);
    stream.write(line(1));
    stream.close();
    await expect.poll(() => said(client)).toHaveLength(3);
    await connection.tell(progress(deployment, { phase: 'health' }));
    await expect.poll(() => said(client)).toHaveLength(4);
    await connection.tell(progress(deployment, { status: 'cancelled', phase: 'health' }));
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(said(client).slice(2)).toEqual([plain(1), 'Waiting until the container is healthy', 'Deployment cancelled']);
    await connection.close();
  });

  test('of one that never began ends when it is cancelled, or its app is deleted', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene, { remove_app: () => ({}), volumes: () => ({ volumes: [] }) });
    const [, second, third] = [await requestDeploy(plane(), scene.app), await requestDeploy(plane(), scene.app), await requestDeploy(plane(), scene.app)];
    const clients = [await listen(second.id), await listen(third.id)] as const;
    await streamOf(connection, 1);
    expect((await callDokploy(plane(), 'deployment.killProcess', { deploymentId: second.id })).status).toBe(200);
    await isTold(connection, 0);
    connection.streams[0]?.close();
    expect(await clients[0].closed).toEqual({ code: 1000, reason: '' });
    expect(said(clients[0]).at(-1)).toBe('Deployment cancelled');
    expect(connection.streams[1]?.isInputOver).toBe(false);
    expect((await callDokploy(plane(), 'application.delete', { applicationId: scene.app.id })).status).toBe(200);
    await isTold(connection, 1);
    connection.streams[1]?.close({ code: 'app_not_deployed', message: 'nothing is there' });
    expect(await clients[1].closed).toEqual({ code: 1000, reason: '' });
    expect(said(clients[1]).at(-1)).toBe('The app was deleted');
    await connection.close();
  });

  test('of one that has ended is what was kept of it', async () => {
    const { connection, deployment } = await stage();
    await connection.tell(progress(deployment, { status: 'failed', phase: 'pull', failure }));
    const client = await listen(deployment.id);
    const stream = await streamOf(connection);
    await isTold(connection);
    stream.write(line(1));
    stream.close();
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(said(client)).toEqual([requested, plain(1), 'Deployment failed: no such image: nginx:alpine']);
    await connection.close();
  });

  test('REL-22 an executor that cannot be told of the end is told to stop', async () => {
    const scene = await setScene(plane());
    const connection = await scene.executor.connect({ deploy: () => ({ accepted: true }) }, { capabilities: allCapabilities.filter((name) => name !== logEndCapability) });
    const deployment = await requestDeploy(plane(), scene.app);
    const client = await listen(deployment.id);
    const stream = await streamOf(connection);
    stream.write(line(1));
    await expect.poll(() => said(client)).toHaveLength(3);
    await connection.tell(progress(deployment, succeeded));
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(said(client).slice(2)).toEqual([plain(1), 'Deployment succeeded']);
    await connection.until(() => (stream.isClosed ? true : undefined));
    expect(stream.isInputOver).toBe(false);
    await connection.close();
  });

  test('an executor that goes away ends it as every other stream', async () => {
    const { connection, deployment } = await stage();
    const client = await listen(deployment.id);
    await streamOf(connection);
    await connection.close();
    expect((await client.closed).code).toBe(4503);
    const late = await listen(deployment.id);
    expect(await late.closed).toMatchObject({ code: 4503, reason: expect.stringMatching(/^executor_offline: /) });
  });

  test('SEC-02 SEC-03 SEC-09 a refused one says why as it closes, and nothing is sent', async () => {
    const { app, connection, deployment } = await stage();
    const before = connection.received.length;
    const stranger = await addPerson(plane(), 'stranger-of-deployments');
    const without = await addPerson(plane(), 'without-grant-of-deployments');
    await plane().request('PATCH', `/api/v1/users/${without.id}`, { body: { grants: [] } });
    const reader = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { body: { name: 'reader', scopes: ['apps:read'] } }));
    const by = (key: string) => ({ headers: { 'x-api-key': key } });
    const missing = newId('deployment', Date.now(), new Uint8Array(13));
    const refused: [logPath: string, options: object, code: number, reason: string][] = [
      [deployment.id, {}, 4401, 'unauthenticated'],
      [deployment.id, by('nonsense'), 4401, 'invalid_token'],
      [deployment.id, by(stranger.key.text), 4404, 'deployment_not_found'],
      [deployment.id, { token: stranger.session }, 4404, 'deployment_not_found'],
      [missing, by(stranger.key.text), 4404, 'deployment_not_found'],
      [deployment.id, by(without.key.text), 4403, 'grant_missing'],
      [deployment.id, { token: without.session }, 4403, 'grant_missing'],
      [deployment.id, by(reader.key), 4403, 'scope_missing'],
      [missing, byKey(), 4404, 'deployment_not_found'],
      [app.id, byKey(), 4404, 'deployment_not_found'],
      ['/etc/dokploy/logs/app/1.log', byKey(), 4404, 'deployment_not_found'],
      ['', byKey(), 4422, 'too_short'],
    ];
    for (const [logPath, options, code, reason] of refused) {
      const client = await listen(logPath, options);
      const closed = await client.closed;
      expect({ logPath, options, code: closed.code, reason: closed.reason.split(':')[0], text: client.text() }).toEqual({ logPath, options, code, reason, text: '' });
    }
    expect(await plane().request('GET', `/listen-deployment?logPath=${deployment.id}`)).toMatchObject({ status: 426, body: { code: 'upgrade_required' } });
    expect(await plane().request('GET', '/listen-deployment', { token: null })).toMatchObject({ status: 401 });
    expect(connection.streams).toEqual([]);
    expect(connection.received).toHaveLength(before);
    await connection.close();
  });
}
