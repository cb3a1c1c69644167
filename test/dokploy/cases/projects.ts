import { expect, test } from 'vitest';
import { createdApiKey } from '../../../shared/api/auth.ts';
import type { Plane } from '../../protocol/cases/scene.ts';
import { addPerson, dump } from '../../support/control-plane-world.ts';
import { callDokploy, expectDokploy } from '../../support/dokploy-client.ts';

interface Made {
  project: { projectId: string };
  environment: { environmentId: string; projectId: string };
}

export function projectCases(plane: Plane): void {
  const make = (name: string) => expectDokploy<Made>(plane(), 'project.create', { name, description: 'd' });
  const ofMine = async (projectId: string) => (await expectDokploy<{ projectId: string }[]>(plane(), 'project.all')).find((one) => one.projectId === projectId);

  test('a project comes with production, and both are read by their ids', async () => {
    const { project, environment } = await make('p1');
    expect(project).toMatchObject({ name: 'p1', description: 'd', organizationId: expect.any(String), env: '' });
    expect(environment).toMatchObject({ name: 'production', isDefault: true, projectId: project.projectId });
    expect(await expectDokploy(plane(), 'project.one', { projectId: project.projectId })).toMatchObject({ ...project, environments: [{ ...environment, applications: [], libsql: [] }] });
    expect(await expectDokploy(plane(), 'environment.one', { environmentId: environment.environmentId })).toMatchObject({ ...environment, project });
  });

  test('project.all has both layouts in one object, the newest project first', async () => {
    const [first, second] = [await make('older'), await make('newer')];
    const { applicationId } = await expectDokploy<{ applicationId: string }>(plane(), 'application.create', { name: 'web', environmentId: second.environment.environmentId });
    const all = await expectDokploy<{ projectId: string }[]>(plane(), 'project.all');
    const places = [second, first].map(({ project }) => all.findIndex(({ projectId }) => projectId === project.projectId));
    expect(places[0]).toBeLessThan(places[1] as number);
    expect(await ofMine(second.project.projectId)).toMatchObject({
      applications: [{ applicationId, name: 'web', applicationStatus: 'idle', env: null, projectId: second.project.projectId, domains: [] }],
      environments: [{ name: 'production', isDefault: true, applications: [{ applicationId, name: 'web', applicationStatus: 'idle' }] }],
      projectTags: [],
    });
  });

  test('environments are made, changed, found and removed', async () => {
    const { project, environment } = await make('with staging');
    const staging = await expectDokploy<{ environmentId: string }>(plane(), 'environment.create', { name: 'staging', projectId: project.projectId });
    expect(staging).toMatchObject({ name: 'staging', isDefault: false });
    expect(await expectDokploy(plane(), 'environment.update', { environmentId: staging.environmentId, name: 'preview' })).toMatchObject({ name: 'preview' });
    expect(await expectDokploy(plane(), 'environment.byProjectId', { projectId: project.projectId })).toMatchObject([{ name: 'production' }, { name: 'preview' }]);
    expect(await expectDokploy(plane(), 'environment.search', { q: 'PREV', projectId: project.projectId })).toMatchObject({ total: 1, items: [{ name: 'preview' }] });
    expect(await callDokploy(plane(), 'environment.remove', { environmentId: environment.environmentId })).toMatchObject({ status: 409, body: { code: 'CONFLICT', data: { dockupCode: 'environment_is_default' } } });
    expect(await expectDokploy(plane(), 'environment.remove', { environmentId: staging.environmentId })).toMatchObject({ name: 'preview' });
    expect(await callDokploy(plane(), 'environment.one', { environmentId: staging.environmentId })).toMatchObject({ status: 404, body: { message: 'Environment not found' } });
  });

  test('a project is changed, found, counted and removed, and not while something is in it', async () => {
    const { project, environment } = await make('short-lived');
    const { projectId } = project;
    expect(await expectDokploy(plane(), 'project.update', { projectId, name: 'renamed', description: null })).toMatchObject({ name: 'renamed', description: '' });
    expect(await expectDokploy(plane(), 'project.search', { name: 'RENAMED' })).toMatchObject({ total: 1, items: [{ projectId }] });
    const { applicationId } = await expectDokploy<{ applicationId: string }>(plane(), 'application.create', { name: 'web', environmentId: environment.environmentId });
    expect(await callDokploy(plane(), 'project.remove', { projectId })).toMatchObject({ status: 409, body: { data: { dockupCode: 'project_not_empty' } } });
    expect(await expectDokploy(plane(), 'project.homeStats')).toMatchObject({ applications: expect.any(Number), compose: 0, status: { idle: expect.any(Number) } });
    await expectDokploy(plane(), 'application.delete', { applicationId });
    expect(await expectDokploy(plane(), 'project.remove', { projectId })).toMatchObject({ name: 'renamed' });
    expect(await ofMine(projectId)).toBeUndefined();
  });

  interface Service {
    applicationId: string;
    name: string;
    appName: string;
    environmentId: string;
    env: string | null;
  }

  const addService = async (environmentId: string, name: string) => {
    const { applicationId } = await expectDokploy<Service>(plane(), 'application.create', { name, environmentId });
    await expectDokploy(plane(), 'application.saveDockerProvider', { applicationId, dockerImage: 'nginx:alpine' });
    await expectDokploy(plane(), 'application.saveEnvironment', { applicationId, env: 'TOKEN=copied-value' });
    return expectDokploy<Service>(plane(), 'application.one', { applicationId });
  };
  const servicesOf = async (environmentId: string) => (await expectDokploy<{ applications: Service[] }>(plane(), 'environment.one', { environmentId })).applications;

  test('SEC-11 an environment is copied with its applications, and so is a project, and no value is told', async () => {
    const { project, environment } = await make('copied');
    const service = await addService(environment.environmentId, 'web');
    const staging = await expectDokploy<{ environmentId: string }>(plane(), 'environment.duplicate', { environmentId: environment.environmentId, name: 'staging' });
    expect(staging).toMatchObject({ name: 'staging', projectId: project.projectId, isDefault: false });
    const other = await expectDokploy<{ environmentId: string; projectId: string }>(plane(), 'project.duplicate', { sourceEnvironmentId: environment.environmentId, name: 'the copy', description: 'c' });
    expect(other).toMatchObject({ name: 'production', isDefault: true });
    expect(await expectDokploy(plane(), 'project.one', { projectId: other.projectId })).toMatchObject({ name: 'the copy', description: 'c' });
    expect(JSON.stringify([staging, other])).not.toContain('copied-value');
    for (const { environmentId } of [staging, other]) {
      const [copy, ...more] = await servicesOf(environmentId);
      expect([copy, more]).toMatchObject([{ name: 'web', appName: expect.stringMatching(/^web-[a-z0-9]{6}$/), applicationStatus: 'idle' }, []]);
      expect(await expectDokploy(plane(), 'application.one', { applicationId: copy?.applicationId ?? '' })).toMatchObject({ dockerImage: 'nginx:alpine', env: service.env, environmentId, deployments: [] });
    }
  });

  test('what is copied is chosen, also as the command line sends it, into a new project or next to it', async () => {
    const { environment } = await make('chosen from');
    const { environmentId: sourceEnvironmentId } = environment;
    const [web] = [await addService(sourceEnvironmentId, 'web'), await addService(sourceEnvironmentId, 'worker')];
    const selectedServices = [{ id: web.applicationId, type: 'application' }];
    for (const selected of [selectedServices, JSON.stringify(selectedServices)]) {
      const { environmentId } = await expectDokploy<{ environmentId: string }>(plane(), 'project.duplicate', { sourceEnvironmentId, name: 'chosen', selectedServices: selected });
      expect(await servicesOf(environmentId)).toMatchObject([{ name: 'web' }]);
    }
    const { environmentId: empty } = await expectDokploy<{ environmentId: string }>(plane(), 'project.duplicate', { sourceEnvironmentId, name: 'empty', includeServices: false });
    expect(await servicesOf(empty)).toEqual([]);
    expect(await expectDokploy(plane(), 'project.duplicate', { sourceEnvironmentId, name: '', selectedServices, duplicateInSameProject: true })).toMatchObject({ environmentId: sourceEnvironmentId });
    expect((await servicesOf(sourceEnvironmentId)).map(({ name }) => name)).toEqual(['web (copy)', 'worker', 'web']);
  });

  test('SEC-03 of what is not theirs, or not there, nothing is copied', async () => {
    const { environment } = await make('not copied');
    const { environmentId: sourceEnvironmentId } = environment;
    const { applicationId } = await addService(sourceEnvironmentId, 'web');
    const stranger = await addPerson(plane(), 'stranger-to-copies');
    const theirs = await expectDokploy<Made>(plane(), 'project.create', { name: 'theirs' }, stranger.key.text);
    const { key: bounded } = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { body: { name: 'bounded', projects: [environment.projectId] } }));
    const chosen = (type: string, id = applicationId) => ({ sourceEnvironmentId, name: 'copy', selectedServices: [{ id, type }] });
    const before = await dump(plane());
    expect(await callDokploy(plane(), 'project.duplicate', { sourceEnvironmentId, name: 'copy' }, stranger.key.text)).toMatchObject({ status: 404, body: { message: 'Environment not found' } });
    expect(await callDokploy(plane(), 'project.duplicate', { ...chosen('application'), sourceEnvironmentId: theirs.environment.environmentId }, stranger.key.text)).toMatchObject({ status: 404, body: { message: 'Application not found' } });
    expect(await callDokploy(plane(), 'project.duplicate', { sourceEnvironmentId, name: 'copy' }, bounded)).toMatchObject({ status: 403, body: { data: { dockupCode: 'scope_missing' } } });
    expect(await callDokploy(plane(), 'project.duplicate', chosen('postgres'))).toMatchObject({ status: 501 });
    expect(await callDokploy(plane(), 'project.duplicate', chosen('application', `app_${'0'.repeat(22)}`))).toMatchObject({ status: 404, body: { message: 'Application not found' } });
    expect(await callDokploy(plane(), 'project.duplicate', { sourceEnvironmentId, name: '' })).toMatchObject({ status: 400 });
    expect(await dump(plane())).toBe(before);
  });

  test('variables of a project are refused, and the project is not made', async () => {
    const before = await expectDokploy<unknown[]>(plane(), 'project.all');
    expect(await callDokploy(plane(), 'project.create', { name: 'with env', env: 'A=1' })).toMatchObject({ status: 501, body: { code: 'NOT_IMPLEMENTED', message: expect.stringContaining('application.saveEnvironment') } });
    expect(await expectDokploy<unknown[]>(plane(), 'project.all')).toHaveLength(before.length);
  });
}
