import { expect, test } from 'vitest';
import type { Plane } from '../../protocol/cases/scene.ts';
import { callDokploy, expectDokploy } from '../../support/dokploy-client.ts';

interface Made {
  project: { projectId: string };
  environment: { environmentId: string };
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

  test('variables of a project are refused, and the project is not made', async () => {
    const before = await expectDokploy<unknown[]>(plane(), 'project.all');
    expect(await callDokploy(plane(), 'project.create', { name: 'with env', env: 'A=1' })).toMatchObject({ status: 501, body: { code: 'NOT_IMPLEMENTED', message: expect.stringContaining('application.saveEnvironment') } });
    expect(await expectDokploy<unknown[]>(plane(), 'project.all')).toHaveLength(before.length);
  });
}
