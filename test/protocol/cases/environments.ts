import { expect, test } from 'vitest';
import { app, appPage } from '../../../shared/api/apps.ts';
import { environment, environmentPage, type Environment } from '../../../shared/api/environments.ts';
import { createdServer } from '../../../shared/api/servers.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import type { Plane } from './scene.ts';

const list = async (plane: ControlPlane, projectId: string) => (await plane.expect(200, environmentPage, plane.request('GET', `/api/v1/projects/${projectId}/environments`))).data;

const make = (plane: ControlPlane, projectId: string, name: string) =>
  plane.expect(201, environment, plane.request('POST', `/api/v1/projects/${projectId}/environments`, { body: { name } }));

const slugsIn = async (plane: ControlPlane, { id }: Environment) =>
  (await plane.expect(200, appPage, plane.request('GET', `/api/v1/apps?environment_id=${id}`))).data.map(({ slug }) => slug);

let count = 0;
const nextApp = () => {
  count++;
  return { name: `env ${count}`, slug: `env-${count}`, image: 'nginx:alpine' };
};

export function environmentCases(plane: Plane): void {
  test('a project has production from the start, whoever makes it, and apps go there', async () => {
    const project = await plane().createProject();
    const [production, ...others] = await list(plane(), project.id);
    expect(others).toEqual([]);
    expect(production).toMatchObject({ project_id: project.id, name: 'production', is_default: true });
    const made = await plane().createApp(project.id, nextApp());
    expect(made.environment_id).toBe(production?.id);
    // As an earlier release does it, which knows nothing of environments.
    const id = `prj_${'0'.repeat(20)}0${count}`;
    await plane().database.execute({ sql: "insert into projects (id, owner_id, name, created_at, updated_at) select ?, owner_id, 'old', 1, 1 from projects where id = ?", args: [id, project.id] });
    expect(await list(plane(), id)).toMatchObject([{ name: 'production', is_default: true }]);
  });

  test('an app is made in one, moves to another, and is listed where it is', async () => {
    const project = await plane().createProject();
    const staging = await make(plane(), project.id, 'staging');
    const production = (await list(plane(), project.id)).find((one) => one.is_default) as Environment;
    const made = await plane().createApp(project.id, { ...nextApp(), environment_id: staging.id });
    expect(made.environment_id).toBe(staging.id);
    expect([await slugsIn(plane(), staging), await slugsIn(plane(), production)]).toEqual([[made.slug], []]);
    const moved = await plane().expect(200, app, plane().request('PATCH', `/api/v1/apps/${made.id}`, { body: { environment_id: production.id } }));
    expect(moved.environment_id).toBe(production.id);
    expect([await slugsIn(plane(), staging), await slugsIn(plane(), production)]).toEqual([[], [made.slug]]);
  });

  test('one of another project is refused, and the app stays where it is', async () => {
    const [project, other] = [await plane().createProject(), await plane().createProject()];
    const foreign = await make(plane(), other.id, 'staging');
    const made = await plane().createApp(project.id, nextApp());
    const refusal = { status: 404, body: { code: 'environment_not_found', errors: [{ pointer: '/environment_id' }] } };
    expect(await plane().request('PATCH', `/api/v1/apps/${made.id}`, { body: { name: 'renamed', environment_id: foreign.id } })).toMatchObject(refusal);
    expect(await plane().request('POST', `/api/v1/projects/${project.id}/apps`, { body: { ...nextApp(), environment_id: foreign.id } })).toMatchObject(refusal);
    expect((await plane().request('GET', `/api/v1/projects/${project.id}/apps`)).body).toMatchObject({ data: [made] });
  });

  test('a name is unique in its project, and one with apps is not deleted, nor the default one', async () => {
    const project = await plane().createProject();
    const staging = await make(plane(), project.id, 'staging');
    const path = `/api/v1/environments/${staging.id}`;
    expect(await plane().request('POST', `/api/v1/projects/${project.id}/environments`, { body: { name: 'staging' } })).toMatchObject({ status: 409, body: { code: 'environment_exists' } });
    expect(await plane().request('PATCH', path, { body: { name: 'production' } })).toMatchObject({ status: 409, body: { code: 'environment_exists' } });
    // On a server that nobody has enrolled at.
    const { id: server } = await plane().expect(201, createdServer, plane().request('POST', '/api/v1/servers', { body: { name: 'away' } }));
    const made = await plane().createApp(project.id, { ...nextApp(), environment_id: staging.id, server_id: server });
    expect(await plane().request('DELETE', path)).toMatchObject({ status: 409, body: { code: 'environment_not_empty' } });
    expect(await list(plane(), project.id)).toHaveLength(2);
    expect((await plane().request('DELETE', `/api/v1/apps/${made.id}?queue=true`)).status).toBeLessThan(300);
    expect(await plane().request('DELETE', path)).toMatchObject({ status: 204 });
    const [production, ...others] = await list(plane(), project.id);
    expect(others).toEqual([]);
    expect(await plane().request('DELETE', `/api/v1/environments/${production?.id}`)).toMatchObject({ status: 409, body: { code: 'environment_is_default' } });
    expect(await plane().request('DELETE', `/api/v1/projects/${project.id}`)).toMatchObject({ status: 204 });
    expect(await plane().request('GET', `/api/v1/environments/${production?.id}`)).toMatchObject({ status: 404, body: { code: 'environment_not_found' } });
  });
}
