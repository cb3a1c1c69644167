import { expect, test } from 'vitest';
import type { App } from '../../../shared/api/apps.ts';
import { createdApiKey } from '../../../shared/api/auth.ts';
import { share } from '../../../shared/api/shares.ts';
import type { Plane } from '../../protocol/cases/scene.ts';
import { accepting, progress, succeeded } from '../../protocol/cases/scene.ts';
import { addPerson, dump } from '../../support/control-plane-world.ts';
import { callDokploy, expectDokploy } from '../../support/dokploy-client.ts';
import { enrolExecutor, type Connection } from '../../support/fake-executor.ts';

interface Application {
  applicationId: string;
  appName: string;
  applicationStatus: string;
  env: string | null;
  deployments: { deploymentId: string; status: string; rollbackId: string | null }[];
}

let count = 0;

export function applicationCases(plane: Plane): void {
  const make = async (fields: Record<string, unknown> = {}) => {
    const { environment, project } = await expectDokploy<{ environment: { environmentId: string }; project: { projectId: string } }>(plane(), 'project.create', { name: 'p' });
    const application = await expectDokploy<Application>(plane(), 'application.create', { name: 'Web p1', environmentId: environment.environmentId, ...fields });
    return { ...environment, ...project, ...application };
  };
  const read = (applicationId: string) => expectDokploy<Application>(plane(), 'application.one', { applicationId });
  const readNative = (applicationId: string) => plane().getApp(applicationId);

  /** An application with an image, on an executor of its own. */
  const makeOnServer = async () => {
    const executor = await enrolExecutor(plane());
    const made = await make({ serverId: executor.serverId });
    await expectDokploy(plane(), 'application.saveDockerProvider', { applicationId: made.applicationId, dockerImage: 'nginx:alpine', username: '', password: '', registryUrl: '' });
    return { executor, ...made };
  };
  const finish = async (connection: Connection, applicationId: string, changes: object = succeeded) => {
    const [newest] = (await read(applicationId)).deployments;
    await connection.tell(progress({ id: newest?.deploymentId ?? '', app_id: applicationId as App['id'] }, changes));
  };

  test('one is made with a slug of its own, without a domain', async () => {
    const made = await make({ description: 'd' });
    expect(made.appName).toMatch(/^web-p1-[a-z0-9]{6}$/);
    expect(made).toMatchObject({ name: 'Web p1', description: 'd', sourceType: 'github', dockerImage: null, applicationStatus: 'idle', buildType: 'nixpacks', replicas: 1 });
    expect(await read(made.applicationId)).toMatchObject({ environment: { name: 'production', project: { name: 'p' } }, domains: [], deployments: [], mounts: [], server: null });
    expect(await readNative(made.applicationId)).toMatchObject({ slug: made.appName, internal_port: null, description: 'd' });
  });

  test('its domain is made, changed and deleted, and no other one is taken', async () => {
    const { applicationId, appName } = await make();
    const host = await expectDokploy<string>(plane(), 'domain.generateDomain', { appName });
    expect(await callDokploy(plane(), 'domain.create', { applicationId, host: 'shop.example.com', port: 3000 })).toMatchObject({ status: 501, body: { message: expect.stringContaining(host) } });
    for (const field of [{ stripPath: true }, { middlewares: ['auth@file'] }, { internalPath: '/api' }, { customEntrypoint: 'web' }, { forwardAuthEnabled: true }]) {
      expect(await callDokploy(plane(), 'domain.create', { applicationId, host, ...field })).toMatchObject({ status: 501, body: { message: expect.stringContaining(String(Object.keys(field)[0])) } });
    }
    expect((await readNative(applicationId)).internal_port).toBeNull();
    const { domainId } = await expectDokploy<{ domainId: string }>(plane(), 'domain.create', { applicationId, host, port: 3000, https: true, stripPath: false, middlewares: [], internalPath: '/' });
    expect(await readNative(applicationId)).toMatchObject({ internal_port: 3000, url: `https://${host}` });
    expect(await expectDokploy(plane(), 'domain.update', { domainId, host, port: 8080 })).toMatchObject({ port: 8080 });
    expect(await expectDokploy(plane(), 'domain.byApplicationId', { applicationId })).toMatchObject([{ domainId, host, port: 8080 }]);
    await expectDokploy(plane(), 'domain.delete', { domainId });
    expect(await callDokploy(plane(), 'domain.one', { domainId })).toMatchObject({ status: 404 });
    expect((await readNative(applicationId)).internal_port).toBeNull();
  });

  test('update changes what is sent, clears what is null, and leaves the rest', async () => {
    const { applicationId } = await make();
    expect(await expectDokploy(plane(), 'application.update', { applicationId, name: 'other', memoryLimit: '268435456', cpuLimit: '500000000', command: 'npm start', dockerImage: 'nginx:1' })).toBe(true);
    expect(await readNative(applicationId)).toMatchObject({ name: 'other', memory_limit: 256, cpu_limit: 0.5, command: ['/bin/sh', '-c', 'npm start'], image: 'nginx:1' });
    expect(await read(applicationId)).toMatchObject({ memoryLimit: '268435456', cpuLimit: '500000000', command: 'npm start', args: null, sourceType: 'docker' });
    await expectDokploy(plane(), 'application.update', { applicationId, command: null, args: ['nginx', '-g', 'daemon off;'] });
    expect(await readNative(applicationId)).toMatchObject({ command: ['nginx', '-g', 'daemon off;'], memory_limit: 256 });
    await expectDokploy(plane(), 'application.update', { applicationId, memoryLimit: null, args: null, description: null });
    expect(await readNative(applicationId)).toMatchObject({ memory_limit: null, cpu_limit: 0.5, command: null, description: '' });
  });

  test.each([
    ['replicas', 2],
    ['buildArgs', 'A=1'],
    ['autoDeploy', true],
    ['healthCheckSwarm', { Test: ['CMD', 'true'] }],
    ['sourceType', 'github'],
  ])('update refuses %s, which is not available, and changes nothing', async (field, value) => {
    const { applicationId } = await make();
    await expectDokploy(plane(), 'application.saveDockerProvider', { applicationId, dockerImage: 'nginx:1' });
    const before = await readNative(applicationId);
    expect(await callDokploy(plane(), 'application.update', { applicationId, name: 'never', [field]: value })).toMatchObject({ status: 501, body: { code: 'NOT_IMPLEMENTED', message: expect.stringContaining(field) } });
    expect(await readNative(applicationId)).toEqual(before);
  });

  test('what update answers for fields that mean nothing here may be sent back', async () => {
    const { applicationId } = await make();
    const { environment: _one, domains: _two, deployments: _three, mounts: _four, ...row } = (await read(applicationId)) as unknown as Record<string, unknown>;
    expect(await expectDokploy(plane(), 'application.update', row)).toBe(true);
  });

  test('saveEnvironment sets all of it, as text', async () => {
    const { applicationId } = await make();
    const save = (env: string | null) => expectDokploy(plane(), 'application.saveEnvironment', { applicationId, env, buildArgs: '', buildSecrets: null, createEnvFile: true });
    await save('A=1\nB="two words"');
    expect((await read(applicationId)).env).toBe('A=1\nB=two words');
    await save('C=3');
    expect((await read(applicationId)).env).toBe('C=3');
    expect(Object.keys((await readNative(applicationId)).env)).toEqual(['C']);
    expect(await callDokploy(plane(), 'application.saveEnvironment', { applicationId, env: 'no line of it' })).toMatchObject({ status: 400, body: { data: { dockupCode: 'invalid_value' } } });
    expect((await read(applicationId)).env).toBe('C=3');
    await save('');
    expect((await read(applicationId)).env).toBe('');
  });

  test('variables that are sent as null, as rows have them that do not tell them, or not at all stay as they are', async () => {
    const { applicationId } = await make();
    await expectDokploy(plane(), 'application.saveEnvironment', { applicationId, env: 'A=1' });
    const { key } = (await plane().request('POST', '/api/v1/api-keys', { body: { name: 'writer', scopes: ['apps:read', 'apps:write'] } })).body as { key: string };
    const { environment: _one, domains: _two, deployments: _three, mounts: _four, ...row } = await expectDokploy<Application & Record<string, unknown>>(plane(), 'application.one', { applicationId }, key);
    expect(row.env).toBeNull();
    expect(await expectDokploy(plane(), 'application.update', row, key)).toBe(true);
    for (const fields of [{ env: null }, {}]) {
      for (const path of ['application.update', 'application.saveEnvironment']) expect(await expectDokploy(plane(), path, { applicationId, ...fields }, key)).toBe(true);
    }
    expect((await read(applicationId)).env).toBe('A=1');
    expect(await expectDokploy(plane(), 'application.update', { applicationId, env: '' }, key)).toBe(true);
    expect((await read(applicationId)).env).toBe('');
  });

  test('with volumes it is not deleted, and is told by which call of ours it is', async () => {
    const { applicationId } = await makeOnServer();
    await expectDokploy(plane(), 'mounts.create', { type: 'volume', serviceId: applicationId, serviceType: 'application', volumeName: 'data', mountPath: '/data' });
    const before = await dump(plane());
    expect(await callDokploy(plane(), 'application.delete', { applicationId })).toMatchObject({ status: 409, body: { message: expect.stringContaining(`DELETE /api/v1/apps/${applicationId}?delete_volumes=data`), data: { dockupCode: 'app_has_volumes' } } });
    expect(await dump(plane())).toBe(before);
    expect(await plane().request('DELETE', `/api/v1/apps/${applicationId}?delete_volumes=data&queue=true`)).toMatchObject({ status: 202 });
  });

  test('SEC-11 a key that may not read secrets gets no variables', async () => {
    const { applicationId } = await make();
    await expectDokploy(plane(), 'application.saveEnvironment', { applicationId, env: 'SECRET=planted' });
    const { key } = (await plane().request('POST', '/api/v1/api-keys', { body: { name: 'reader', scopes: ['apps:read'] } })).body as { key: string };
    expect((await expectDokploy<Application>(plane(), 'application.one', { applicationId }, key)).env).toBeNull();
    for (const path of ['project.all', 'application.search', 'project.allForPermissions']) expect(JSON.stringify((await callDokploy(plane(), path)).body)).not.toContain('planted');
  });

  test.each([
    ['somebody with whom it alone is shared', async (app: string) => {
      const person = await addPerson(plane(), `of-one-app-${++count}`);
      await plane().expect(200, share, plane().request('PUT', `/api/v1/apps/${app}/access/${person.id}`, { body: { role: 'viewer' } }));
      return person.key.text;
    }],
    ['a key that reaches it alone', async (app: string) => (await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { body: { name: 'ci', apps: [app] } }))).key],
  ])('SEC-03 %s finds it and reads it, and is told no more of its project than the ids', async (_who, keyFor) => {
    const { applicationId, appName, environmentId, projectId } = await make();
    const { applicationId: other } = await expectDokploy<Application>(plane(), 'application.create', { name: 'Other', environmentId });
    await expectDokploy(plane(), 'project.update', { projectId, name: 'secret-plan', description: 'secret-plan' });
    const key = await keyFor(applicationId);
    const row = await expectDokploy(plane(), 'application.one', { applicationId }, key);
    expect(row).toMatchObject({ environment: { environmentId, name: '', description: '', projectId, project: { projectId, name: '', description: '' } } });
    for (const wanted of [{}, { q: appName }, { projectId }, { environmentId }]) expect(await expectDokploy(plane(), 'application.search', wanted, key)).toMatchObject({ total: 1, items: [{ applicationId, environmentId }] });
    const replies = await Promise.all([...['project.all', 'project.search', 'environment.search', 'application.search'].map((path) => callDokploy(plane(), path, {}, key)), callDokploy(plane(), 'project.one', { projectId }, key)]);
    expect(JSON.stringify([row, ...replies.map(({ body }) => body)])).not.toMatch(/secret-plan|production/);
    for (const [path, input] of [['project.one', { projectId }], ['environment.one', { environmentId }], ['application.one', { applicationId: other }]] as const) expect(await callDokploy(plane(), path, input, key)).toMatchObject({ status: 404 });
  });

  test('a deployment is queued, runs, and is told by the status', async () => {
    const { executor, applicationId } = await makeOnServer();
    const connection = await executor.connect(accepting);
    const reply = await callDokploy(plane(), 'application.deploy', { applicationId, title: 'a reason' });
    expect([reply.status, reply.body, reply.headers.get('content-type')]).toEqual([200, undefined, 'application/json']);
    expect(await read(applicationId)).toMatchObject({ applicationStatus: 'running', deployments: [{ status: 'running', title: 'Manual deployment' }] });
    await finish(connection, applicationId);
    await connection.tell({ kind: 'status', app: applicationId as App['id'], status: 'running', reason: null, at: Date.now() });
    const after = await read(applicationId);
    expect(after).toMatchObject({ applicationStatus: 'done', deployments: [{ status: 'done' }] });
    expect(await expectDokploy(plane(), 'deployment.all', { applicationId })).toEqual(after.deployments);
    expect(await expectDokploy(plane(), 'deployment.allCentralized')).toEqual(expect.arrayContaining([expect.objectContaining({ deploymentId: after.deployments[0]?.deploymentId })]));
    await connection.close();
  });

  test('one that fails is told as an error with its reason', async () => {
    const { executor, applicationId } = await makeOnServer();
    const connection = await executor.connect(accepting);
    await expectDokploy(plane(), 'application.redeploy', { applicationId });
    const failure = { code: 'image_not_found' as const, message: 'no such image', phase: 'pull' as const, exit_code: null, oom_killed: false, last_probe: null, logs: [] };
    await finish(connection, applicationId, { status: 'failed', phase: 'pull', failure });
    expect(await read(applicationId)).toMatchObject({ applicationStatus: 'error', deployments: [{ status: 'error', errorMessage: 'no such image' }] });
    await connection.close();
  });

  test('what waits for a server that is away is cancelled', async () => {
    const { applicationId } = await makeOnServer();
    await expectDokploy(plane(), 'application.deploy', { applicationId });
    expect(await expectDokploy(plane(), 'deployment.queueList')).toEqual(expect.arrayContaining([expect.objectContaining({ applicationId })]));
    expect(await expectDokploy(plane(), 'application.cancelDeployment', { applicationId })).toMatchObject({ success: true, message: 'Cancelled: 1' });
    expect(await read(applicationId)).toMatchObject({ applicationStatus: 'idle', deployments: [{ status: 'cancelled' }] });
  });

  test('it is stopped, started, reloaded, and its log is read as text', async () => {
    const { executor, applicationId, appName } = await makeOnServer();
    const lines = [{ time: '2026-11-22T18:50:28.123456789Z', stream: 'stdout' as const, text: 'listening', cursor: 'c1', deployment: 'dep_1' }];
    const connection = await executor.connect({ ...accepting, act: ({ action }) => ({ status: action === 'stop' ? 'stopped' : 'running' }), logs: () => ({ lines }) });
    await expectDokploy(plane(), 'application.deploy', { applicationId });
    await finish(connection, applicationId);
    await connection.tell({ kind: 'status', app: applicationId as App['id'], status: 'running', reason: null, at: Date.now() });
    expect(await expectDokploy(plane(), 'application.stop', { applicationId })).toMatchObject({ applicationStatus: 'idle' });
    expect(await expectDokploy(plane(), 'application.start', { applicationId })).toMatchObject({ applicationStatus: 'done' });
    expect(await expectDokploy(plane(), 'application.reload', { applicationId, appName })).toBe(true);
    expect(connection.calls('act').map(({ params }) => params.action)).toEqual(['stop', 'start', 'restart']);
    expect(await expectDokploy(plane(), 'application.readLogs', { applicationId, tail: '7', since: '15m' })).toBe('2026-11-22T18:50:28.123456789Z listening\n');
    await connection.close();
  });

  test('its container is stopped, started and restarted by its name, and one that is gone is not', async () => {
    const { executor, applicationId, appName } = await makeOnServer();
    const connection = await executor.connect({ ...accepting, act: ({ action }) => ({ status: action === 'stop' ? 'stopped' : 'running' }) });
    const deploy = async () => {
      await expectDokploy(plane(), 'application.deploy', { applicationId });
      await finish(connection, applicationId);
      await connection.tell({ kind: 'status', app: applicationId as App['id'], status: 'running', reason: null, at: Date.now() });
      const [listed] = await expectDokploy<{ containerId: string }[]>(plane(), 'docker.getContainersByAppNameMatch', { appName });
      return listed?.containerId ?? '';
    };
    const gone = await deploy();
    const containerId = await deploy();
    expect(await callDokploy(plane(), 'docker.stopContainer', { containerId: gone })).toMatchObject({ status: 404 });
    expect(await callDokploy(plane(), 'docker.stopContainer', { containerId, serverId: `srv_${'0'.repeat(22)}` })).toMatchObject({ status: 404 });
    expect(connection.calls('act')).toEqual([]);
    for (const verb of ['stop', 'start', 'restart']) expect(await callDokploy(plane(), `docker.${verb}Container`, { containerId, serverId: executor.serverId })).toMatchObject({ status: 200, body: undefined });
    expect(connection.calls('act').map(({ params }) => params)).toEqual(['stop', 'start', 'restart'].map((action) => ({ app: applicationId, action })));
    await connection.close();
  });

  test('volumes are its mounts', async () => {
    const { applicationId } = await make();
    const { mountId } = await expectDokploy<{ mountId: string }>(plane(), 'mounts.create', { type: 'volume', volumeName: 'data', mountPath: '/data', serviceId: applicationId });
    expect(await expectDokploy(plane(), 'mounts.update', { mountId, mountPath: '/var/lib/app' })).toMatchObject({ mountPath: '/var/lib/app' });
    expect(await expectDokploy(plane(), 'mounts.listByServiceId', { serviceType: 'application', serviceId: applicationId })).toMatchObject([{ mountId, volumeName: 'data', mountPath: '/var/lib/app' }]);
    expect(await callDokploy(plane(), 'mounts.create', { type: 'bind', hostPath: '/', mountPath: '/host', serviceId: applicationId })).toMatchObject({ status: 501 });
    expect((await readNative(applicationId)).volumes).toEqual([{ name: 'data', mount_path: '/var/lib/app' }]);
    await expectDokploy(plane(), 'mounts.remove', { mountId });
    expect(await callDokploy(plane(), 'mounts.one', { mountId })).toMatchObject({ status: 404, body: { message: 'Mount not found' } });
  });

  test('it moves between environments of its project only, is found, and is deleted', async () => {
    const { applicationId, projectId, appName } = await make();
    const { environmentId } = await expectDokploy<{ environmentId: string }>(plane(), 'environment.create', { name: 'staging', projectId });
    expect(await expectDokploy(plane(), 'application.move', { applicationId, targetEnvironmentId: environmentId })).toMatchObject({ environmentId });
    const other = await make();
    expect(await callDokploy(plane(), 'application.move', { applicationId, targetEnvironmentId: other.environmentId })).toMatchObject({ status: 501 });
    expect(await expectDokploy(plane(), 'application.search', { q: appName })).toMatchObject({ total: 1, items: [{ applicationId, environmentId }] });
    expect(await expectDokploy(plane(), 'application.delete', { applicationId })).toMatchObject({ applicationId });
    expect(await callDokploy(plane(), 'application.one', { applicationId })).toMatchObject({ status: 404 });
  });
}
