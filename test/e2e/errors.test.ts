/** Bad input, a row per case: each a problem document with its own code and the pointer of the field, and nothing has changed by it. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { apiKeyPage, session, user } from '../../shared/api/auth.ts';
import { problem } from '../../shared/api/common.ts';
import { project } from '../../shared/api/projects.ts';
import { createdServer } from '../../shared/api/servers.ts';
import { errorEntry, type ErrorCode } from '../../shared/errors.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { images } from '../support/images.ts';

interface Case {
  title: string;
  /** `{name}` in a path is a thing that exists only once the system runs. */
  call: [method: string, path: string, body?: unknown];
  code: ErrorCode;
  pointer?: string;
  headers?: Record<string, string>;
  as?: 'nobody' | 'member' | 'forger';
}

const newApp = { name: 'x', slug: 'x-app', image: 'nginx:alpine', internal_port: 80 };
const createApp = (fields: object): Case['call'] => ['POST', '/api/v1/projects/{project}/apps', { ...newApp, ...fields }];

const cases: Case[] = [
  { title: 'malformed JSON', call: ['POST', '/api/v1/projects', '{"name":'], code: 'malformed_json' },
  { title: 'a wrong content type', call: ['POST', '/api/v1/projects', 'name=x'], headers: { 'content-type': 'application/x-www-form-urlencoded' }, code: 'unsupported_media_type' },
  { title: 'a body that is too large where none is read', call: ['POST', '/api/v1/apps/{app}/restart', { x: 'x'.repeat(2 ** 20) }], code: 'payload_too_large' },
  { title: 'a body that is too large', call: ['POST', '/api/v1/projects', { name: 'x', description: 'x'.repeat(2 ** 20) }], code: 'payload_too_large' },
  { title: 'a missing field', call: ['POST', '/api/v1/projects', {}], code: 'missing_field', pointer: '/name' },
  { title: 'an unknown field', call: ['POST', '/api/v1/projects', { name: 'x', colour: 'red' }], code: 'unknown_field', pointer: '/colour' },
  { title: 'a wrong type', call: createApp({ internal_port: '80' }), code: 'wrong_type', pointer: '/internal_port' },
  { title: 'a text that is too long', call: ['POST', '/api/v1/projects', { name: 'x'.repeat(101) }], code: 'too_long', pointer: '/name' },
  { title: 'a text that is too short', call: ['POST', '/api/v1/projects', { name: '' }], code: 'too_short', pointer: '/name' },
  { title: 'a number out of range', call: createApp({ internal_port: 65_536 }), code: 'out_of_range', pointer: '/internal_port' },
  { title: 'an image that is no reference', call: createApp({ image: 'no image; rm -rf /' }), code: 'invalid_value', pointer: '/image' },
  { title: 'a field wrong deep inside', call: createApp({ health_check: { path: '/', interval: 0 } }), code: 'out_of_range', pointer: '/health_check/interval' },
  { title: 'a slug with capitals', call: createApp({ slug: 'My-App' }), code: 'slug_invalid', pointer: '/slug' },
  { title: 'a slug shaped like an id', call: createApp({ slug: 'app_1k3m8v0qz9x4c7b2n5h6t0' }), code: 'slug_invalid', pointer: '/slug' },
  { title: 'a reserved slug', call: createApp({ slug: 'admin' }), code: 'slug_reserved', pointer: '/slug' },
  { title: 'a slug that is taken', call: createApp({ slug: 'mine' }), code: 'slug_taken', pointer: '/slug' },
  { title: 'a slug that another user has taken', call: ['POST', '/api/v1/projects/{memberProject}/apps', { ...newApp, slug: 'foreign' }], code: 'slug_taken', pointer: '/slug', as: 'member' },
  { title: 'another slug for an app that has one', call: ['PUT', '/api/v1/apps/{app}', { slug: 'other' }], code: 'slug_immutable', pointer: '/slug' },
  { title: 'a query parameter out of range', call: ['GET', '/api/v1/projects?limit=0'], code: 'out_of_range', pointer: '?limit' },
  { title: 'a cursor nobody gave out', call: ['GET', '/api/v1/projects?cursor=nonsense'], code: 'invalid_cursor', pointer: '?cursor' },
  { title: 'no token', call: ['POST', '/api/v1/projects', { name: 'x' }], code: 'unauthenticated', as: 'nobody' },
  { title: 'a forged token', call: ['POST', '/api/v1/projects', { name: 'x' }], code: 'invalid_token', as: 'forger' },
  { title: 'a wrong password', call: ['POST', '/api/v1/auth/login', { email: 'admin@dockup.local', password: 'wrong' }], code: 'invalid_credentials', as: 'nobody' },
  { title: 'a route that is not there', call: ['GET', '/api/v1/nothing-here'], code: 'route_not_found' },
  { title: 'a method the route does not take', call: ['DELETE', '/api/v1/projects'], code: 'method_not_allowed' },
  { title: 'a foreign project', call: ['GET', '/api/v1/projects/{foreignProject}'], code: 'project_not_found', as: 'member' },
  { title: 'an app in a foreign project', call: ['POST', '/api/v1/projects/{foreignProject}/apps', newApp], code: 'project_not_found', as: 'member' },
  { title: 'a foreign app by its id', call: ['GET', '/api/v1/apps/{foreignApp}'], code: 'app_not_found', as: 'member' },
  { title: 'a foreign app by its slug', call: ['DELETE', '/api/v1/apps/foreign'], code: 'app_not_found', as: 'member' },
  { title: 'a deploy of a foreign app', call: ['POST', '/api/v1/deploy/foreign'], code: 'app_not_found', as: 'member' },
  { title: 'an app that is not there', call: ['GET', '/api/v1/apps/app_0000000000000000000000'], code: 'app_not_found' },
  { title: 'a deployment that is not there', call: ['GET', '/api/v1/deployments/dep_0000000000000000000000'], code: 'deployment_not_found' },
  { title: 'a server that is not there', call: ['GET', '/api/v1/servers/srv_0000000000000000000000'], code: 'server_not_found' },
  { title: 'a user that is not there', call: ['DELETE', '/api/v1/users/usr_0000000000000000000000'], code: 'user_not_found' },
  { title: 'a key that is not there', call: ['DELETE', '/api/v1/api-keys/key_0000000000000000000000'], code: 'api_key_not_found' },
  { title: 'a missing right', call: ['POST', '/api/v1/servers', { name: 'x' }], code: 'forbidden', as: 'member' },
  { title: 'a project that still has apps', call: ['DELETE', '/api/v1/projects/{project}'], code: 'project_not_empty' },
  { title: 'a server that still has apps', call: ['DELETE', '/api/v1/servers/{server}'], code: 'server_in_use' },
  { title: 'an e-mail address that is taken', call: ['POST', '/api/v1/users', { email: 'member@example.com', password: 'long enough for it' }], code: 'email_taken', pointer: '/email' },
  { title: 'logs of an app that was never deployed', call: ['GET', '/api/v1/apps/{app}/logs'], code: 'app_not_deployed' },
  { title: 'a start of an app that was never deployed', call: ['POST', '/api/v1/apps/{app}/start'], code: 'app_not_deployed' },
  { title: 'a deploy of an app without an image', call: ['POST', '/api/v1/apps/{bare}/deploy'], code: 'nothing_to_deploy' },
  { title: 'a deploy from a repository', call: ['POST', '/api/v1/apps/{git}/deploy'], code: 'git_deploy_unavailable' },
  { title: 'a change of how an app scales', call: ['PUT', '/api/v1/apps/{app}/autoscale', { min: 1 }], code: 'not_available_yet' },
  { title: 'how a foreign app scales', call: ['GET', '/api/v1/apps/{foreignApp}/autoscale'], code: 'app_not_found', as: 'member' },
  { title: 'private registries', call: ['GET', '/api/v1/registries'], code: 'not_available_yet' },
  { title: 'repositories of a git account', call: ['GET', '/api/v1/git/repos'], code: 'not_available_yet' },
  { title: 'a deploy of an archive that is none', call: ['POST', '/api/v1/deploy/mine', 'tar'], headers: { 'content-type': 'application/octet-stream' }, code: 'archive_invalid' },
  { title: 'a deploy while its executor is away', call: ['POST', '/api/v1/apps/{stranded}/deploy'], code: 'executor_offline' },
  { title: 'a revealed key to an API key', call: ['POST', '/api/v1/api-keys/{key}/reveal'], code: 'reveal_needs_session' },
];

describe('bad input', () => {
  let dockup: Dockup;
  let places: Record<string, string>;
  let memberToken: string;

  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    const { request } = dockup;
    await dockup.expect(201, user, request('POST', '/api/v1/users', { body: { email: 'member@example.com', password: 'a long member password' } }));
    const login = request('POST', '/api/v1/auth/login', { token: null, body: { email: 'member@example.com', password: 'a long member password' } });
    memberToken = (await dockup.expect(200, session, login)).token;

    const [mine, foreign] = [await dockup.createProject('mine'), await dockup.createProject('foreign')];
    const members = await dockup.expect(201, project, request('POST', '/api/v1/projects', { token: memberToken, body: { name: 'member' } }));
    const away = await dockup.expect(201, createdServer, request('POST', '/api/v1/servers', { body: { name: 'away' } }));
    const make = async (projectId: string, slug: string, fields: object = {}) => (await dockup.createApp(projectId, { name: slug, slug, image: images.busybox, ...fields })).id;
    const keys = await dockup.expect(200, apiKeyPage, request('GET', '/api/v1/api-keys'));
    places = {
      project: mine.id,
      foreignProject: foreign.id,
      memberProject: members.id,
      app: await make(mine.id, 'mine'),
      foreignApp: await make(foreign.id, 'foreign'),
      bare: await make(mine.id, 'bare', { image: null }),
      git: await make(mine.id, 'git', { image: null, git_repo_url: 'https://git.example/shop.git', git_provider: 'git' }),
      stranded: await make(mine.id, 'stranded', { server_id: away.id }),
      server: dockup.serverId,
      key: keys.data[0]?.id ?? '',
    };
  });
  afterAll(() => dockup.stop());

  /** Everything a caller could have changed. */
  async function snapshot(): Promise<unknown> {
    const paths = ['projects', 'apps', 'servers', 'users', 'api-keys', 'apps/mine/deployments', 'apps/mine/events', 'apps/stranded/deployments', 'apps/foreign/deployments'];
    return Promise.all(paths.map(async (path) => (await dockup.request('GET', `/api/v1/${path}`)).body));
  }

  const tokens = () => ({ nobody: null, member: memberToken, forger: `dkp_${'0'.repeat(48)}` });

  test.each(cases)('$title is $code', async ({ call: [method, path, body], code, pointer, headers, as }) => {
    const before = await snapshot();
    const reply = await dockup.request(method, path.replace(/\{(\w+)\}/g, (_, place: string) => places[place] ?? place), {
      ...(body !== undefined && { body }),
      ...(headers && { headers }),
      ...(as && { token: tokens()[as] }),
    });
    const told = problem.parse(reply.body);
    expect(told).toMatchObject({ code, status: errorEntry(code).status, request_id: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(told.errors?.map((error) => error.pointer)).toEqual(pointer && [pointer]);
    expect(reply.status).toBe(errorEntry(code).status);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(await snapshot()).toEqual(before);
  });

  test('an offline executor says when to try again, and with queue=true the deployment waits for it', async () => {
    const refused = await dockup.request('POST', '/api/v1/deploy/stranded');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await dockup.request('POST', '/api/v1/deploy/stranded?queue=true')).toMatchObject({ status: 202, body: { status: 'queued', position: 1 } });
  });
});
