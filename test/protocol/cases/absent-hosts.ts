import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { deployment, deploymentPage } from '../../../shared/api/deployments.ts';
import { problem } from '../../../shared/api/common.ts';
import { routes } from '../../../worker/registry.ts';
import { openSocket } from '../../support/socket-client.ts';
import { accepting, progress, readDeployment, requestDeploy, setScene, succeeded, type Plane, type Scene } from './scene.ts';

interface Asked {
  body?: unknown;
  headers?: Record<string, string>;
  query?: string;
}

const tar = { body: 'tar', headers: { 'content-type': 'application/x-tar' } };
const tus = { 'tus-resumable': '1.0.0' };

/** What is asked of each route that needs the executor, so that nothing but its absence stands in the way. */
const requests: Record<string, Asked[]> = {
  updateApp: [{ body: { memory_limit: 64, name: 'renamed' } }, { body: { memory_limit: null } }],
  patchApp: [{ body: { cpu_limit: 2 } }],
  deleteApp: [{ query: '?delete_volumes=data' }],
  deployApp: [{}, tar, { query: `?upload=${'0'.repeat(32)}` }],
  deployBySlug: [{}, { query: '?wait=60' }],
  uploadImage: [tar],
  rollbackApp: [{ body: {} }],
  cancelDeployment: [{}],
  readUploadOptions: [{}],
  createUpload: [{ headers: { ...tus, 'upload-length': '10' } }],
  getUpload: [{ headers: tus }],
  patchUpload: [{ body: 'piece', headers: { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' } }],
  deleteUpload: [{ headers: tus }],
  startApp: [{}],
  stopApp: [{}],
  restartApp: [{}],
  pauseApp: [{}],
  unpauseApp: [{}],
  getAppLogs: [{}],
  execInApp: [{ body: { cmd: ['true'] } }],
  getAppStats: [{}],
  listVolumes: [{}],
  deleteVolume: [{}],
  deleteVolumeByQuery: [{ query: '?name=data' }],
  downloadVolume: [{}],
  uploadVolume: [tar],
  streamAppLogs: [{}],
  streamAppStats: [{}],
};

const needExecutor = routes.filter((route) => route.errors.includes('executor_offline'));
const socketsAlone = ['openTerminal'];

/** What a caller gets of an app whose host is away (REL-09): every route that needs it, and what may wait for it. */
export function absentHostCases(plane: Plane): void {
  let scene: Scene;
  let running: string;
  /** When its executor went, as far as this end knows. */
  let left: number;

  beforeAll(async () => {
    scene = await setScene(plane());
    const { executor, app } = scene;
    await plane().request('PUT', `/api/v1/apps/${app.id}`, { body: { memory_limit: 128, volumes: [{ name: 'data', mount_path: '/data' }] } });
    const connection = await executor.connect({ ...accepting, volumes: () => ({ volumes: [] }) });
    for (let i = 0; i < 2; i++) await connection.tell(progress(await requestDeploy(plane(), app), succeeded));
    running = (await requestDeploy(plane(), app)).id;
    await connection.tell({ kind: 'status', app: app.id, status: 'running', reason: null, at: Date.now() });
    left = Date.now();
    await connection.cut();
    await vi.waitUntil(async () => (await plane().getApp(app.id)).server_status === 'offline', { timeout: 10_000 });
  });
  afterAll(async () => {
    await plane().database.execute({ sql: 'delete from apps where id = ?', args: [scene.app.id] });
  });

  const pathOf = (template: string) =>
    template.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => ({ appId: scene.app.id, slug: scene.app.slug, deploymentId: running, uploadId: '0'.repeat(32), volume: 'data' })[name] ?? name);
  const rowsOfApp = async () => {
    const tables = [['apps', 'id'], ['deployments', 'app_id'], ['events', 'app_id'], ['removals', 'app_id']] as const;
    return Promise.all(tables.map(async ([table, column]) => (await plane().database.execute({ sql: `select * from ${table} where ${column} = ? order by 1`, args: [scene.app.id] })).rows));
  };
  const setStatus = (status: string) => plane().database.execute({ sql: 'update apps set status = ? where id = ?', args: [status, scene.app.id] });
  const isRecent = (time: string | undefined) => Math.abs(Date.parse(time ?? '') - left) < 10_000;

  test('REL-09 every route that needs an executor is asked here', () => {
    expect([...Object.keys(requests), ...socketsAlone].sort()).toEqual(needExecutor.map(({ operationId }) => operationId).sort());
  });

  const rows = needExecutor.flatMap(({ operationId, method, path }) => (requests[operationId] ?? []).map((asked) => [operationId, { method, path, ...asked }] as const));

  test.each(rows)('REL-09 %s is 503 executor_offline, with Retry-After and since when, and changes nothing', async (operationId, { method, path, query = '', ...rest }) => {
    if (operationId === 'unpauseApp') await setStatus('paused');
    const before = await rowsOfApp();
    const reply = await plane().request(method.toUpperCase(), `${pathOf(path)}${query}`, rest);
    expect(reply).toMatchObject({ status: 503, body: { code: 'executor_offline' } });
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    const { offline_since, offline_reason, detail } = problem.parse(reply.body);
    expect(isRecent(offline_since)).toBe(true);
    expect(offline_reason).toMatch(/^connection (closed with|broke)/);
    expect(detail).toContain(`The executor has been away since ${offline_since}: ${offline_reason}.`);
    expect(await rowsOfApp()).toEqual(before);
    await setStatus('running');
  });

  test.each(['/logs/stream', '/stats/stream', '/exec'])('REL-09 the socket %s is closed with 4503 and since when, and is no event', async (path) => {
    const before = await rowsOfApp();
    const { closed } = await openSocket({ url: plane().url, path: `/api/v1/apps/${scene.app.slug}${path}`, token: plane().credentials.api_key });
    const { code, reason } = await closed;
    expect(code).toBe(4503);
    expect(isRecent(/^executor_offline: The executor has been away since (\S+Z): connection /.exec(reason)?.[1])).toBe(true);
    expect(await rowsOfApp()).toEqual(before);
  });

  test('REL-09 what does not need the host goes on: settings, the history of use, the queue', async () => {
    expect(await plane().request('PUT', `/api/v1/apps/${scene.app.slug}`, { body: { name: 'while it is away' } })).toMatchObject({ status: 200, body: { server_status: 'offline' } });
    expect(await plane().request('GET', `/api/v1/apps/${scene.app.slug}/stats/history`)).toMatchObject({ status: 200 });
    expect(await plane().request('GET', `/api/v1/apps/${scene.app.slug}/deployments`)).toMatchObject({ status: 200 });
  });

  test('REL-09 a deployment or a rollback that is to wait says for what, and until when', async () => {
    const other = await setScene(plane());
    const asked = Date.now();
    const waiting = await requestDeploy(plane(), other.app, '?queue=true');
    expect(waiting).toMatchObject({ status: 'queued', position: 1, waiting_for: 'server' });
    expect(Date.parse(waiting.expires_at ?? '') - asked).toBeGreaterThan(23 * 3600 * 1000);
    const rollback = await plane().expect(202, deployment, plane().request('POST', `/api/v1/apps/${scene.app.slug}/rollback?queue=true`, { body: {} }));
    expect(rollback).toMatchObject({ status: 'queued', waiting_for: 'server' });

    const connection = await other.executor.connect(accepting);
    await connection.until(() => connection.calls('deploy')[0]);
    const behind = await requestDeploy(plane(), other.app);
    expect(behind).toMatchObject({ status: 'queued', position: 1, waiting_for: 'turn', expires_at: expect.any(String) });
    expect(await readDeployment(plane(), waiting.id)).toMatchObject({ status: 'running', waiting_for: null, expires_at: null });
    const { data } = await plane().expect(200, deploymentPage, plane().request('GET', `/api/v1/apps/${other.app.slug}/deployments`));
    expect(data.map(({ waiting_for }) => waiting_for)).toEqual(['turn', null]);
    await connection.close();
  });
}
