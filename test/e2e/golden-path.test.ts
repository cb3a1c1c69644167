/** The seed's "Golden-path workflow" and "Quick examples", as an agent would follow them: with curl, word for word but for the host. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { app, appPage } from '../../shared/api/apps.ts';
import { deployment, deploymentPage, type Deployment } from '../../shared/api/deployments.ts';
import { logPage } from '../../shared/api/logs.ts';
import { project, projectPage } from '../../shared/api/projects.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';

describe('the golden path', () => {
  let dockup: Dockup;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
  });
  afterAll(() => dockup.stop());

  /** Runs a line of the seed as it stands in its examples; $HBR is the API key. */
  async function shell(script: string, variables: Record<string, string> = {}): Promise<string> {
    const lines = script.replaceAll('https://dockup.cc', dockup.url).replaceAll('curl ', 'curl -sS --fail-with-body ');
    const child = spawn('sh', ['-e', '-c', lines], { env: { PATH: process.env['PATH'] ?? '', HBR: dockup.credentials.api_key, ...variables } });
    const [output, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    if (code !== 0) throw new Error(`${script}: exit code ${code}\n${complaint}${output}`);
    return output;
  }

  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const data = body === undefined ? '' : ` -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;
    return JSON.parse(await shell(`curl -X ${method} https://dockup.cc${path} -H "Authorization: Bearer $HBR"${data}`));
  }

  async function followToEnd(id: string): Promise<Deployment> {
    for (;;) {
      const current = deployment.parse(await call('GET', `/api/v1/deployments/${id}`));
      if (!['queued', 'running'].includes(current.status)) return current;
    }
  }

  test('verifies that the host is Dockup and reads the spec without a token', async () => {
    expect(JSON.parse(await shell('curl https://dockup.cc/api/v1/system/status'))).toMatchObject({ name: 'dockup', host: dockup.host, servers: { online: 1, total: 1 } });
    const specs = await Promise.all(['/api/v1/openapi.json', '/.well-known/openapi.json', '/swagger.json'].map((path) => shell(`curl https://dockup.cc${path}`)));
    expect(JSON.parse(specs[0] ?? '')).toMatchObject({ openapi: '3.1.0' });
    expect(new Set(specs).size).toBe(1);
  });

  test('lists no projects, creates one, creates an app in it, deploys it, and the app is live', async () => {
    expect(projectPage.parse(await call('GET', '/api/v1/projects')).data).toEqual([]);
    const { id: projectId } = project.parse(await call('POST', '/api/v1/projects', { name: 'My Project' }));

    const created = app.parse(await call('POST', `/api/v1/projects/${projectId}/apps`, { name: 'my-app', slug: 'my-app', image: 'nginx:alpine', internal_port: 80 }));
    expect(created).toMatchObject({ slug: 'my-app', status: 'created', url: `http://my-app-app.localhost:${dockup.httpPort}` });

    const asked = deployment.parse(await call('POST', `/api/v1/apps/${created.id}/deploy`));
    expect(asked.status).toMatch(/queued|running/);
    expect(await followToEnd(asked.id)).toMatchObject({ status: 'succeeded', phase: 'done', failure: null });

    // curl resolves *.localhost by itself.
    expect(await shell(`curl ${created.url}`)).toContain('Welcome to nginx');
    expect(app.parse(await call('GET', '/api/v1/apps/my-app'))).toMatchObject({ id: created.id, status: 'running' });
  });

  test('runs the quick examples as they stand', async () => {
    const { id: PID } = project.parse(await call('POST', '/api/v1/projects', { name: 'Examples' }));
    const created = await shell(
      `curl -X POST https://dockup.cc/api/v1/projects/$PID/apps \\
        -H "Authorization: Bearer $HBR" \\
        -H "Content-Type: application/json" \\
        -d '{"name":"demo","slug":"demo","image":"nginx:alpine","internal_port":80}'`,
      { PID },
    );
    expect(app.parse(JSON.parse(created)).slug).toBe('demo');
    const deployed = await shell('curl -X POST https://dockup.cc/api/v1/deploy/demo \\\n  -H "Authorization: Bearer $HBR"');
    expect(await followToEnd(deployment.parse(JSON.parse(deployed)).id)).toMatchObject({ status: 'succeeded' });
    expect(await shell(`curl http://demo-app.localhost:${dockup.httpPort}`)).toContain('Welcome to nginx');
  });

  test('answers when the deployment has ended to a caller who waits', async () => {
    expect(deployment.parse(await call('POST', '/api/v1/deploy/demo?wait=60')).status).toBe('succeeded');
    const preferred = await shell('curl -X POST https://dockup.cc/api/v1/deploy/demo -H "Authorization: Bearer $HBR" -H "Prefer: wait=60"');
    expect(deployment.parse(JSON.parse(preferred)).status).toBe('succeeded');
    expect(deploymentPage.parse(await call('GET', '/api/v1/apps/demo/deployments')).data).toHaveLength(3);
  });

  test('shows logs, events and deployments of the app, by slug as well as by id', async () => {
    await dockup.visit('demo', '/seen-in-the-log');
    expect(logPage.parse(await call('GET', '/api/v1/apps/demo/logs?tail=100')).data).toContainEqual(expect.objectContaining({ stream: 'stdout', text: expect.stringContaining('/seen-in-the-log') }));
    expect(JSON.stringify(await call('GET', '/api/v1/apps/demo/events'))).toContain('deployment.succeeded');
    const [demo] = appPage.parse(await call('GET', '/api/v1/apps')).data.filter(({ slug }) => slug === 'demo');
    expect(await call('GET', `/api/v1/apps/${demo?.id}/deployments`)).toEqual(await call('GET', '/api/v1/apps/demo/deployments'));
  });

  test('stops, starts, restarts, pauses and unpauses the app', async () => {
    const act = async (action: string) => app.parse(await call('POST', `/api/v1/apps/demo/${action}`)).status;
    const visit = async () => (await dockup.visit('demo')).status;
    expect(await act('stop')).toBe('stopped');
    const began = performance.now();
    expect(await visit()).toBe(503);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await act('start')).toMatch(/running|starting/);
    await expect.poll(visit, { timeout: 10_000 }).toBe(200);
    expect(await act('restart')).toMatch(/running|starting/);
    await expect.poll(visit, { timeout: 10_000 }).toBe(200);
    expect(await act('pause')).toBe('paused');
    expect(await act('unpause')).toBe('running');
    await expect.poll(visit, { timeout: 10_000 }).toBe(200);
  });

  test('shows a clear 404 page for a host that no app has', async () => {
    const { status, body } = await dockup.visit('nobody-has-this');
    expect(status).toBe(404);
    expect(body).toMatch(/no app/i);
  });

  test('deletes the app: its URL is gone and its slug is free again', async () => {
    await shell('curl -X DELETE https://dockup.cc/api/v1/apps/demo -H "Authorization: Bearer $HBR"');
    await expect.poll(async () => (await dockup.visit('demo')).status, { timeout: 10_000 }).toBe(404);
    const [first] = projectPage.parse(await call('GET', '/api/v1/projects')).data;
    const again = await call('POST', `/api/v1/projects/${first?.id}/apps`, { name: 'demo', slug: 'demo', image: 'nginx:alpine', internal_port: 80 });
    expect(app.parse(again).status).toBe('created');
  });
});
