import { expect, test } from 'vitest';
import { app, appEnv, appPage, type App } from '../../../shared/api/apps.ts';
import { createdApiKey, type Scope } from '../../../shared/api/auth.ts';
import { environment, environmentPage } from '../../../shared/api/environments.ts';
import { eventPage } from '../../../shared/api/events.ts';
import { share } from '../../../shared/api/shares.ts';
import { defaultEnvironmentId } from '../../../shared/names.ts';
import { addPerson, dump } from '../../support/control-plane-world.ts';
import type { Plane } from './scene.ts';

const variables = { DATABASE_URL: 'postgres://copied-value@db/shop', LEVEL: 'debug' };
const settings = {
  image: 'nginx:alpine', internal_port: 8080, cpu_limit: 0.5, memory_limit: 128, command: ['serve'], restart_policy: 'on-failure', health_check: { path: '/healthz', interval: 5, timeout: 2, grace: 30 },
  volumes: [{ name: 'data', mount_path: '/data' }],
};
const published = [{ host_port: 5432, container_port: 5432, protocol: 'tcp' }];

let count = 0;
const nextSlug = () => `copied-${++count}`;

export function copyCases(plane: Plane): void {
  const request = (method: string, path: string, body?: unknown, token?: string) => plane().request(method, path, { ...(body !== undefined && { body }), ...(token !== undefined && { token }) });
  const readEnv = (id: string) => plane().expect(200, appEnv, request('GET', `/api/v1/apps/${id}/env`));
  const appsIn = async (environmentId: string) => (await plane().expect(200, appPage, request('GET', `/api/v1/apps?environment_id=${environmentId}`))).data;
  const addApp = async (projectId: string, more: Record<string, unknown> = {}) => {
    const slug = nextSlug();
    return plane().createApp(projectId, { name: slug, slug, ...settings, env: variables, ...more });
  };
  const keyWith = async (scopes: Scope[], token?: string, reach: Record<string, string[]> = {}) => (await plane().expect(201, createdApiKey, request('POST', '/api/v1/api-keys', { name: 'k', scopes, ...reach }, token))).key;

  async function expectRefused(expected: object, work: () => Promise<unknown>): Promise<void> {
    const before = await dump(plane());
    expect(await work()).toMatchObject(expected);
    expect(await dump(plane())).toBe(before);
  }

  test('SEC-11 a copy has the settings and the variables of the app, shows no value, and is not deployed', async () => {
    const project = await plane().createProject();
    const original = await addApp(project.id, { published_ports: published });
    const slug = nextSlug();
    const reply = await request('POST', `/api/v1/apps/${original.slug}/duplicate`, { slug });
    expect(JSON.stringify(reply.body)).not.toContain('copied-value');
    const copy = app.parse(reply.body);
    expect(reply.status).toBe(201);
    expect(copy).toMatchObject({ ...settings, name: original.name, slug, project_id: project.id, environment_id: original.environment_id, server_id: original.server_id, env: original.env, status: 'created', published_ports: [] });
    expect(copy.id).not.toBe(original.id);
    expect((await readEnv(copy.id)).env).toEqual(variables);
    // Each has its own from now on.
    await plane().expect(200, app, request('PATCH', `/api/v1/apps/${copy.id}`, { env: { LEVEL: 'info' }, memory_limit: 64 }));
    expect((await readEnv(original.id)).env).toEqual(variables);
    expect(await plane().expect(200, app, request('GET', `/api/v1/apps/${original.id}`))).toMatchObject({ memory_limit: 128, published_ports: published });
    const { data: events } = await plane().expect(200, eventPage, request('GET', `/api/v1/apps/${copy.id}/events`));
    expect(events.map(({ message }) => message)).toContain(`App ${slug} created as a copy of ${original.slug}, without its published ports and the content of its volumes`);
    const { rows } = await plane().database.execute({ sql: 'select action, target, detail from audit_entries where target = ?', args: [`${original.id}/${copy.id}`] });
    expect(rows).toMatchObject([{ action: 'app.duplicate', detail: JSON.stringify({ slug }) }]);
  });

  test('a copy goes into another environment, also of another project, under another name', async () => {
    const [project, other] = [await plane().createProject(), await plane().createProject()];
    const original = await addApp(project.id);
    const copy = await plane().expect(201, app, request('POST', `/api/v1/apps/${original.id}/duplicate`, { slug: nextSlug(), name: 'elsewhere', environment_id: defaultEnvironmentId(other.id) }));
    expect(copy).toMatchObject({ name: 'elsewhere', project_id: other.id, environment_id: defaultEnvironmentId(other.id) });
    expect((await readEnv(copy.id)).env).toEqual(variables);
    // Who reads its events does not have to reach the other one.
    expect(JSON.stringify((await request('GET', `/api/v1/apps/${copy.id}/events`)).body)).not.toMatch(new RegExp(`${original.id}|${original.slug}\\b`));
  });

  test('SEC-04 an image that was uploaded for the app stays its own', async () => {
    const project = await plane().createProject();
    const original = await addApp(project.id);
    const uploaded = `dockup/${original.slug}:dep_${'0'.repeat(22)}`;
    await plane().database.execute({ sql: "update apps set settings = json_set(settings, '$.image', ?) where id = ?", args: [uploaded, original.id] });
    expect(await plane().expect(201, app, request('POST', `/api/v1/apps/${original.id}/duplicate`, { slug: nextSlug() }))).toMatchObject({ image: null });
  });

  test('a slug that is taken, reserved or none makes no copy', async () => {
    const project = await plane().createProject();
    const original = await addApp(project.id);
    for (const [slug, code] of [[original.slug, 'slug_taken'], ['admin', 'slug_reserved'], ['No Slug', 'slug_invalid']]) {
      await expectRefused({ body: { code, errors: [{ pointer: '/slug' }] } }, () => request('POST', `/api/v1/apps/${original.id}/duplicate`, { slug }));
    }
  });

  test('an environment is copied with all that is in it, or not at all', async () => {
    const project = await plane().createProject();
    const originals = [await addApp(project.id), await addApp(project.id, { env: {} })];
    const path = `/api/v1/environments/${defaultEnvironmentId(project.id)}/duplicate`;
    const staging = await plane().expect(201, environment, request('POST', path, { name: 'staging', description: 'tried' }));
    expect(staging).toMatchObject({ project_id: project.id, name: 'staging', description: 'tried', is_default: false });
    const copies = await appsIn(staging.id);
    expect(copies.map(({ name }) => name)).toEqual(originals.map(({ name }) => name));
    for (const [position, copy] of copies.entries()) {
      const original = originals[position] as App;
      expect(copy).toMatchObject({ ...settings, env: original.env, status: 'created' });
      expect(copy.slug).toMatch(new RegExp(`^${original.slug}-[a-z0-9]{6}$`));
      expect(await readEnv(copy.id)).toEqual(await readEnv(original.id));
    }
    await expectRefused({ status: 409, body: { code: 'environment_exists' } }, () => request('POST', path, { name: 'staging' }));
    expect((await plane().expect(200, environmentPage, request('GET', `/api/v1/projects/${project.id}/environments`))).data).toHaveLength(2);
  });

  test('more than a hundred apps are not copied at once', async () => {
    const project = await plane().createProject();
    const original = await addApp(project.id);
    const copies = Array.from({ length: 100 }, (_none, position) => ({
      sql: "insert into apps select ?, project_id, server_id, ?, settings, sealed_env, env_fingerprints, status, status_reason, status_since, observed_at, created_at, updated_at, environment_id from apps where id = ?",
      args: [`app_${String(position).padStart(22, '0')}`, `many-${position}`, original.id],
    }));
    await plane().database.batch(copies, 'write');
    await expectRefused({ status: 422, body: { code: 'too_long' } }, () => request('POST', `/api/v1/environments/${defaultEnvironmentId(project.id)}/duplicate`, { name: 'many' }));
    await plane().database.execute({ sql: "delete from apps where slug like 'many-%'", args: [] });
  });

  test('SEC-03 a viewer copies nothing, a developer copies into what they may change', async () => {
    const [project, closed] = [await plane().createProject(), await plane().createProject()];
    const original = await addApp(project.id);
    const [viewer, developer] = [await addPerson(plane(), `viewer-of-copies-${count}`), await addPerson(plane(), `developer-of-copies-${count}`)];
    await plane().expect(200, share, request('PUT', `/api/v1/projects/${project.id}/access/${viewer.id}`, { role: 'viewer' }));
    await plane().expect(200, share, request('PUT', `/api/v1/projects/${project.id}/access/${developer.id}`, { role: 'developer' }));
    await plane().expect(200, share, request('PUT', `/api/v1/projects/${closed.id}/access/${developer.id}`, { role: 'viewer' }));
    const own = (await request('POST', '/api/v1/projects', { name: 'own' }, viewer.session)).body as { id: string };
    const copy = (token: string, environmentId: string) => request('POST', `/api/v1/apps/${original.id}/duplicate`, { slug: nextSlug(), environment_id: environmentId }, token);
    for (const token of [viewer.session, viewer.key.text]) {
      await expectRefused({ status: 403, body: { code: 'forbidden' } }, () => copy(token, defaultEnvironmentId(own.id)));
      await expectRefused({ status: 403, body: { code: 'forbidden' } }, () => request('POST', `/api/v1/environments/${defaultEnvironmentId(project.id)}/duplicate`, { name: 'taken' }, token));
    }
    await expectRefused({ status: 403, body: { code: 'forbidden' } }, () => copy(developer.session, defaultEnvironmentId(closed.id)));
    await expectRefused({ status: 404, body: { code: 'environment_not_found' } }, () => copy(developer.session, defaultEnvironmentId(own.id)));
    expect((await copy(developer.key.text, defaultEnvironmentId(project.id))).status).toBe(201);
  });

  test('SEC-11 a key copies variables only with the scope to read them, and nothing out of its reach', async () => {
    const [project, other] = [await plane().createProject(), await plane().createProject()];
    const [original, plain] = [await addApp(project.id), await addApp(project.id, { env: {} })];
    const copy = (of: App, key: string, more = {}) => request('POST', `/api/v1/apps/${of.id}/duplicate`, { slug: nextSlug(), ...more }, key);
    const writing = await keyWith(['apps:read', 'apps:write']);
    await expectRefused({ status: 403, body: { code: 'scope_missing', detail: expect.stringContaining('secrets:read') } }, () => copy(original, writing));
    await expectRefused({ status: 403, body: { code: 'scope_missing' } }, () => request('POST', `/api/v1/environments/${original.environment_id}/duplicate`, { name: 'taken' }, writing));
    expect((await copy(plain, writing)).status).toBe(201);
    const bounded = await keyWith(['apps:write', 'secrets:read'], undefined, { projects: [project.id] });
    await expectRefused({ status: 404, body: { code: 'environment_not_found' } }, () => copy(original, bounded, { environment_id: defaultEnvironmentId(other.id) }));
    expect((await copy(original, bounded)).status).toBe(201);
  });
}
