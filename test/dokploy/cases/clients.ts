/** Dokploy's released clients, unchanged, against this server. */
import { describe, expect, test } from 'vitest';
import type { App } from '../../../shared/api/apps.ts';
import { createdApiKey } from '../../../shared/api/auth.ts';
import { accepting, progress, succeeded, type Plane } from '../../protocol/cases/scene.ts';
import { expectCli, runCli } from '../../support/dokploy-cli.ts';
import { expectDokploy } from '../../support/dokploy-client.ts';
import { startMcp, type Mcp } from '../../support/dokploy-mcp.ts';
import { enrolExecutor, type Connection, type Handlers } from '../../support/fake-executor.ts';
import { listed } from '../../../worker/dokploy/procedures.ts';

interface Application {
  applicationId: string;
  appName: string;
  applicationStatus: string;
  dockerImage: string | null;
  deployments: { deploymentId: string; status: string }[];
}
interface Made {
  project: { projectId: string; name: string };
  environment: { environmentId: string };
}

/** Each call of the command line is a process that reads its 604 commands first. */
const slow = 120_000;

const handlers: Handlers = { ...accepting, act: ({ action }) => ({ status: action === 'stop' ? 'stopped' : 'running' }) };

/** What an executor tells of a deployment that goes well. */
async function finish(connection: Connection, { applicationId, deployments: [newest] }: Application): Promise<void> {
  const app = applicationId as App['id'];
  await connection.tell(progress({ id: newest?.deploymentId ?? '', app_id: app }, succeeded));
  await connection.tell({ kind: 'status', app, status: 'running', reason: null, at: Date.now() });
}

export function clientCases(plane: Plane): void {
  describe('the command line', () => {
    const cli = <T = Record<string, unknown>>(...args: string[]) => expectCli<T>(plane(), ...args);

    test('it knows who it works for', async () => {
      expect(await cli('user', 'get')).toMatchObject({ role: expect.stringMatching(/^(owner|admin)$/), user: { email: plane().credentials.email } });
    }, slow);

    test('SEC-03 what its login asks is answered to a key that is limited, too', async () => {
      const { key } = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { body: { name: 'ci', scopes: ['deploy'], projects: [(await plane().createProject()).id] } }));
      expect(await runCli(plane(), ['user', 'get', '--json'], key)).toMatchObject({ code: 0, stdout: expect.stringContaining('"apiKeys": []') });
    }, slow);

    test('projects are made, listed and read: also what it asks for with its input bare', async () => {
      const { project, environment } = await cli<Made>('project', 'create', '--name', 'by the command line', '--description', 'two words');
      expect(project).toMatchObject({ name: 'by the command line', description: 'two words' });
      expect(await cli<object[]>('project', 'all')).toEqual(expect.arrayContaining([expect.objectContaining({ projectId: project.projectId, applications: [] })]));
      expect(await cli('project', 'one', '--projectId', project.projectId)).toMatchObject({ projectId: project.projectId, environments: [{ environmentId: environment.environmentId, name: 'production' }] });
    }, slow);

    test('what is chosen is copied into a new project, with lists sent as texts', async () => {
      const { environment } = await expectDokploy<Made>(plane(), 'project.create', { name: 'p' });
      const add = (name: string) => expectDokploy<Application>(plane(), 'application.create', { name, environmentId: environment.environmentId });
      const [web] = [await add('web'), await add('worker')];
      const { environmentId } = await cli<Made['environment']>('project', 'duplicate', '--sourceEnvironmentId', environment.environmentId, '--name', 'copy', '--selectedServices', JSON.stringify([{ id: web.applicationId, type: 'application' }]));
      expect(await cli('environment', 'one', '--environmentId', environmentId)).toMatchObject({ project: { name: 'copy' }, applications: [{ name: 'web' }] });
    }, slow);

    test('an application is made, given a domain, deployed and stopped', async () => {
      const executor = await enrolExecutor(plane());
      const connection = await executor.connect(handlers);
      const { environment } = await expectDokploy<Made>(plane(), 'project.create', { name: 'p' });
      const { applicationId, appName } = await cli<Application>('application', 'create', '--name', 'Web', '--environmentId', environment.environmentId, '--serverId', executor.serverId);
      const read = () => cli<Application>('application', 'one', '--applicationId', applicationId);
      expect(await cli('application', 'save-docker-provider', '--applicationId', applicationId, '--dockerImage', 'nginx:alpine', '--username', '', '--password', '', '--registryUrl', '')).toBe(true);
      expect(await read()).toMatchObject({ dockerImage: 'nginx:alpine', applicationStatus: 'idle', deployments: [] });
      const host = await cli<string>('domain', 'generate-domain', '--appName', appName);
      expect(await cli('domain', 'create', '--applicationId', applicationId, '--host', host, '--port', '80', '--https')).toMatchObject({ host, port: 80, applicationId });

      await cli('application', 'deploy', '--applicationId', applicationId, '--title', 'by hand');
      const queued = await read();
      expect(queued).toMatchObject({ applicationStatus: 'running', deployments: [{ status: 'running' }] });
      await finish(connection, queued);
      expect(await read()).toMatchObject({ applicationStatus: 'done', deployments: [{ status: 'done' }] });

      expect(await cli('application', 'stop', '--applicationId', applicationId)).toMatchObject({ applicationId, applicationStatus: 'idle' });
      expect(connection.calls('deploy').map(({ params }) => params.spec.internal_port)).toEqual([80]);
      expect(connection.calls('act').map(({ params }) => params.action)).toEqual(['stop']);
      await connection.close();
    }, slow);

    test('projects are given tags, of which several are one word', async () => {
      const { project: { projectId } } = await cli<Made>('project', 'create', '--name', 'tagged');
      const [one, two] = [await cli<{ tagId: string }>('tag', 'create', '--name', 'customers', '--color', '#3b82f6'), await cli<{ tagId: string }>('tag', 'create', '--name', 'internal')];
      const ids = async () => (await expectDokploy<{ projectTags: { tagId: string }[] }>(plane(), 'project.one', { projectId })).projectTags.map(({ tagId }) => tagId);
      expect(await cli('tag', 'bulk-assign', '--projectId', projectId, '--tagIds', JSON.stringify([one.tagId, two.tagId]))).toEqual({ success: true });
      expect(await ids()).toEqual([one.tagId, two.tagId]);
      expect(await cli('tag', 'bulk-assign', '--projectId', projectId, '--tagIds', two.tagId)).toEqual({ success: true });
      expect(await ids()).toEqual([two.tagId]);
      expect(await cli('tag', 'all')).toEqual([one, two]);
      for (const { tagId } of [one, two]) await cli('tag', 'remove', '--tagId', tagId);
      expect(await ids()).toEqual([]);
    }, slow);

    const failures: [what: string, status: number, args: (environmentId: string) => string[]][] = [
      ['a database', 501, (environmentId) => ['postgres', 'create', '--name', 'db', '--databaseName', 'd', '--databaseUser', 'u', '--databasePassword', 'planted', '--environmentId', environmentId]],
      ['a compose file', 501, (environmentId) => ['compose', 'create', '--name', 'stack', '--environmentId', environmentId]],
      ['a deployment of one', 501, () => ['compose', 'deploy', '--composeId', 'none']],
      ['an application that is not there', 404, () => ['application', 'one', '--applicationId', 'none']],
      ['an application without a name', 400, (environmentId) => ['application', 'create', '--name', '', '--environmentId', environmentId]],
    ];
    // It keeps the body of a failed reply to itself: the status is all it tells.
    test('what is not available, or not there, or not right, fails with its status, and changes nothing', async () => {
      const { environment, project } = await expectDokploy<Made>(plane(), 'project.create', { name: 'p' });
      const results = await Promise.all(failures.map(async ([what, , args]) => ({ what, ...(await runCli(plane(), args(environment.environmentId))) })));
      expect(results).toEqual(failures.map(([what, status]) => ({ what, code: 1, stdout: '', stderr: expect.stringContaining(`status code ${status}`) })));
      expect(await expectDokploy(plane(), 'project.one', { projectId: project.projectId })).toMatchObject({ environments: [{ applications: [], postgres: [], compose: [] }] });
    }, slow);

    test('SEC-09 a wrong key opens nothing', async () => {
      expect(await runCli(plane(), ['project', 'all', '--json'], `dkp_${'0'.repeat(48)}`)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('status code 401') });
    }, slow);
  });

  describe('the MCP server', () => {
    const withMcp = async (use: (mcp: Mcp) => Promise<void>, key?: string) => {
      const mcp = await startMcp(plane(), key);
      await use(mcp).finally(() => mcp.stop());
    };
    const data = async <T>(mcp: Mcp, tool: string, input?: Record<string, unknown>) => {
      const reply = await mcp.call<T>(tool, input);
      if (!reply.success) throw new Error(`${tool}: ${JSON.stringify(reply)} ${mcp.log()}`);
      return reply.data as T;
    };

    test('it has a tool for each procedure there is, by the same names', () =>
      withMcp(async (mcp) => {
        expect((await mcp.tools()).sort()).toEqual(listed.map(({ path }) => path.replace('.', '-')).sort());
      }));

    test('an application is made, deployed and stopped', () =>
      withMcp(async (mcp) => {
        const executor = await enrolExecutor(plane());
        const connection = await executor.connect(handlers);
        // It blackens what is called `environment`: where to put an application an agent learns from the list.
        const { project } = await data<Made>(mcp, 'project-create', { name: 'by an agent' });
        const listedProject = (await data<{ projectId: string; environments: { environmentId: string }[] }[]>(mcp, 'project-all')).find(({ projectId }) => projectId === project.projectId);
        const environmentId = listedProject?.environments[0]?.environmentId;
        const { applicationId } = await data<Application>(mcp, 'application-create', { name: 'Web', environmentId, serverId: executor.serverId });
        const read = () => data<Application>(mcp, 'application-one', { applicationId });
        expect(await data(mcp, 'application-saveDockerProvider', { applicationId, dockerImage: 'nginx:alpine', username: null, password: null, registryUrl: null })).toBe(true);

        await data(mcp, 'application-deploy', { applicationId });
        await finish(connection, await read());
        expect(await read()).toMatchObject({ dockerImage: 'nginx:alpine', applicationStatus: 'done', deployments: [{ status: 'done' }] });

        expect(await data(mcp, 'application-stop', { applicationId })).toMatchObject({ applicationStatus: 'idle' });
        expect([connection.calls('deploy').length, connection.calls('act').length]).toEqual([1, 1]);
        await connection.close();
      }), slow);

    test('what is not available fails, and its log tells what is used instead', () =>
      withMcp(async (mcp) => {
        expect(await mcp.call('compose-deploy', { composeId: 'none' })).toMatchObject({ success: false, details: expect.stringContaining('501') });
        expect(mcp.log()).toContain('make an application for each service');
      }));

    test('SEC-09 a wrong key opens nothing', () =>
      withMcp(async (mcp) => {
        expect(await mcp.call('project-all')).toMatchObject({ success: false, error: expect.stringContaining('Authentication failed') });
      }, `dkp_${'0'.repeat(48)}`));
  });
}
