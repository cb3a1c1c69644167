/** One row per error code that a single request can be answered with: what is asked, and what must come back. */
import { SignJWT } from 'jose';
import { createdApiKey, user, type Scope } from '../../shared/api/auth.ts';
import { mostTagsOfProject } from '../../shared/api/tags.ts';
import { enrolPath } from '../../shared/protocol/enrolment.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { defaultEnvironmentId } from '../../shared/names.ts';
import { transfersPath } from '../../shared/protocol/transfers.ts';
import { keepSecrets } from '../../worker/embedded/secrets.ts';
import { logIn, switchOnSecondFactor, type World } from './control-plane-world.ts';

interface Asked {
  method: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Default: ann's session. */
  token?: string | null;
}

interface ErrorRow {
  code: ErrorCode;
  /** What is wrong with the request. */
  why: string;
  /** Where, if there is a place. */
  pointer?: string;
  ask: (world: World) => Asked | Promise<Asked>;
}

const missing = (prefix: string) => `${prefix}_${'0'.repeat(22)}`;
const post = (path: string, body?: unknown): Asked => ({ method: 'POST', path, ...(body !== undefined && { body }) });
const get = (path: string): Asked => ({ method: 'GET', path });

const createProject = (body: unknown) => () => post('/api/v1/projects', body);
const createApp = (fields: object) => ({ ann }: World) => post(`/api/v1/projects/${ann.projectId}/apps`, { name: 'a', slug: 'fresh', image: 'nginx:alpine', ...fields });
const asAdministrator = (ask: (world: World) => Asked) => (world: World) => ({ token: world.administrator.session, ...ask(world) });

/** A call that reaches the executor, which answers it with the code. */
const refusedByExecutor = (code: ErrorCode) => (world: World) => {
  world.handlers.act = () => {
    throw new AppError(code, { detail: `the host says ${code}` });
  };
  return post(`/api/v1/apps/${world.ann.app.slug}/restart`);
};

/** A command that the executor refuses with the code. */
const refusedCommand = (code: ErrorCode) => (world: World) => {
  world.handlers.exec = () => {
    throw new AppError(code, { detail: `the host says ${code}` });
  };
  return post(`/api/v1/apps/${world.ann.app.slug}/exec`, { cmd: ['true'] });
};

/** An archive, or the id of one, that the executor has looked at. */
const refusedArchive = (code: ErrorCode, query = '') => (world: World): Asked => {
  world.handlers.load_image = () => {
    throw new AppError(code, { detail: `the host says ${code}` });
  };
  const path = `/api/v1/deploy/${world.ann.app.slug}${query}`;
  return query === '' ? { ...post(path, 'tar'), headers: { 'content-type': 'application/x-tar' } } : post(path);
};

/** A request of a resumable upload. */
const tus = ({ ann }: World, method: 'POST' | 'PATCH', headers: Record<string, string>): Asked => ({
  method,
  path: `/api/v1/apps/${ann.app.id}/uploads${method === 'POST' ? '' : `/${'0'.repeat(32)}`}`,
  headers: { 'tus-resumable': '1.0.0', ...(method === 'POST' ? { 'upload-length': '10' } : { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }), ...headers },
  ...(method === 'PATCH' && { body: 'piece' }),
});

/** One that the executor refuses in the words of the protocol's package. */
const refusedTus = (method: 'POST' | 'PATCH', status: number, text: string) => (world: World) => {
  world.handlers.upload = () => ({ status, headers: { 'tus-resumable': '1.0.0' }, body: `${text}\n` });
  return tus(world, method, {});
};

/** An app of ann that names a source of this kind and was never deployed. */
const undeployed = async (world: World, slug: string, fields: object): Promise<string> => {
  const { plane, ann } = world;
  const path = `/api/v1/apps/${slug}`;
  if ((await plane.request('GET', path)).status === 404) {
    await plane.request('POST', `/api/v1/projects/${ann.projectId}/apps`, { token: ann.session, body: { name: slug, slug, ...fields } });
  }
  return path;
};

/** An environment of ann with an app in it. */
const filledEnvironment = async (world: World): Promise<string> => {
  const { plane, ann } = world;
  const { id } = (await plane.request('POST', `/api/v1/projects/${ann.projectId}/environments`, { token: ann.session, body: { name: 'filled' } })).body as { id: string };
  await undeployed(world, 'within', { image: 'nginx:alpine', environment_id: id });
  return id;
};

/** One more tag for bob, whose project has as many as it may. */
const fullOfTags = async ({ plane, bob, tag }: World): Promise<Asked> => {
  const numbers = `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${mostTagsOfProject})`;
  await plane.database.execute(`insert into tags ${numbers} select 'tag_' || n, 'tag ' || n, null, 1, 1 from numbers`);
  await plane.database.execute({ sql: `insert into project_tags ${numbers} select ?, 'tag_' || n, 1 from numbers`, args: [bob.projectId] });
  return { method: 'PUT', path: `/api/v1/projects/${bob.projectId}/tags/${tag.id}`, token: bob.session };
};

/** An app of ann on a server whose executor has never connected. */
const onAbsentServer = async (world: World): Promise<string> => {
  const { plane } = world;
  const { id } = (await plane.request('POST', '/api/v1/servers', { body: { name: 'absent' } })).body as { id: string };
  return undeployed(world, `absent-${id.slice(-6)}`, { image: 'nginx:alpine', server_id: id });
};

/** An app of ann with a volume that its executor says is mounted. */
const withVolume = async (world: World): Promise<string> => {
  world.handlers.volumes = () => ({ volumes: [{ name: 'data', size: 1, is_mounted: true }] });
  return undeployed(world, 'with-volume', { image: 'nginx:alpine', server_id: world.executor.serverId, volumes: [{ name: 'data', mount_path: '/data' }] });
};

/** A change of limits that the executor refuses with the code. */
const limitsRefused = (code: ErrorCode) => ({ ann, handlers }: World): Asked => {
  handlers.update_limits = () => {
    throw new AppError(code, { detail: `the host says ${code}` });
  };
  return { method: 'PUT', path: `/api/v1/apps/${ann.app.slug}`, body: { memory_limit: 64 } };
};

/** One that the executor has taken and never ends. */
const runningDeployment = async (world: World, slug = 'endless'): Promise<string> => {
  const path = await undeployed(world, slug, { image: 'nginx:alpine' });
  const { id } = (await world.plane.request('POST', `${path}/deploy`)).body as { id: string };
  return id;
};

const expiredSession = async ({ plane, ann }: World): Promise<string> => {
  const { DOCKUP_AUTH_SECRET } = keepSecrets(plane.dataDir);
  const hourAgo = Math.floor(Date.now() / 1000) - 3_600;
  return new SignJWT().setProtectedHeader({ alg: 'HS256' }).setIssuer('dockup').setSubject(ann.id).setJti(ann.sessionId).setIssuedAt(hourAgo).setExpirationTime(hourAgo + 60).sign(new TextEncoder().encode(DOCKUP_AUTH_SECRET));
};

const aboutTheRequest: ErrorRow[] = [
  { code: 'malformed_json', why: 'half an object', ask: createProject('{"name":') },
  { code: 'malformed_json', why: 'an empty body', ask: createProject('') },
  { code: 'invalid_value', why: 'a name with half of a surrogate pair', ask: createProject('{"name":"x\\ud800"}') },
  { code: 'invalid_value', why: 'an upload whose id is none', pointer: '?uploadId', ask: ({ ann }) => get(`/api/v1/apps/${ann.app.slug}/uploads/nowhere`) },
  { code: 'invalid_value', why: 'a volume whose name is none', pointer: '?volume', ask: ({ ann }) => get(`/api/v1/apps/${ann.app.slug}/volumes/NO/content`) },
  { code: 'unsupported_media_type', why: 'JSON that calls itself text', ask: () => ({ ...post('/api/v1/projects', '{"name":"p"}'), headers: { 'content-type': 'text/plain' } }) },
  { code: 'unsupported_media_type', why: 'a form', ask: () => ({ ...post('/api/v1/projects', 'name=p'), headers: { 'content-type': 'application/x-www-form-urlencoded' } }) },
  { code: 'unsupported_media_type', why: 'a deploy with a text', ask: ({ ann }) => ({ ...post(`/api/v1/deploy/${ann.app.slug}`, 'nginx'), headers: { 'content-type': 'text/plain' } }) },
  { code: 'payload_too_large', why: 'more than a megabyte', ask: createProject({ name: 'p', description: 'x'.repeat(1024 * 1024) }) },
  { code: 'route_not_found', why: 'no such route', ask: () => get('/api/v1/nonsense') },
  { code: 'route_not_found', why: 'no such page', ask: () => get('/nonsense') },
  { code: 'method_not_allowed', why: 'a list cannot be deleted', ask: () => ({ method: 'DELETE', path: '/api/v1/projects' }) },
  { code: 'unknown_field', why: 'in the body', pointer: '/colour', ask: createProject({ name: 'p', colour: 'red' }) },
  { code: 'unknown_field', why: 'in the query', pointer: '?colour', ask: () => get('/api/v1/projects?colour=red') },
  { code: 'unknown_field', why: 'within a field', pointer: '/health_check/port', ask: createApp({ health_check: { path: '/', port: 80 } }) },
  { code: 'missing_field', why: 'a name', pointer: '/name', ask: createProject({}) },
  { code: 'wrong_type', why: 'a number for a text', pointer: '/name', ask: createProject({ name: 7 }) },
  { code: 'wrong_type', why: 'a list for an object', pointer: '', ask: createProject([]) },
  { code: 'wrong_type', why: 'no number in the query', pointer: '?limit', ask: () => get('/api/v1/projects?limit=many') },
  { code: 'too_long', why: 'a name of 101 characters', pointer: '/name', ask: createProject({ name: 'x'.repeat(101) }) },
  { code: 'too_long', why: 'a slug of 41 characters', pointer: '/slug', ask: createApp({ slug: 'x'.repeat(41) }) },
  { code: 'too_short', why: 'a name of nothing but spaces', pointer: '/name', ask: createProject({ name: '   ' }) },
  { code: 'too_short', why: 'a password of 11 characters', pointer: '/password', ask: asAdministrator(() => post('/api/v1/users', { email: 'x@example.com', password: 'x'.repeat(11) })) },
  { code: 'out_of_range', why: 'port 65536', pointer: '/internal_port', ask: createApp({ internal_port: 65_536 }) },
  { code: 'out_of_range', why: 'a page of 201', pointer: '?limit', ask: () => get('/api/v1/apps?limit=201') },
  { code: 'out_of_range', why: 'less memory than an engine allows', pointer: '/memory_limit', ask: createApp({ memory_limit: 5 }) },
  { code: 'invalid_value', why: 'an image that starts with a dash', pointer: '/image', ask: createApp({ image: '--privileged' }) },
  { code: 'invalid_value', why: 'an image with a shell in it', pointer: '/image', ask: createApp({ image: 'nginx; reboot' }) },
  { code: 'invalid_value', why: 'an unknown policy', pointer: '/restart_policy', ask: createApp({ restart_policy: 'sometimes' }) },
  { code: 'invalid_value', why: 'a health check of two kinds', pointer: '/health_check', ask: createApp({ health_check: { path: '/', command: ['true'] } }) },
  { code: 'invalid_value', why: 'a repository over ssh', pointer: '/git_repo_url', ask: createApp({ image: null, git_repo_url: 'ssh://git@example.com/x' }) },
  { code: 'invalid_value', why: 'an image and a repository', pointer: '/image', ask: createApp({ git_repo_url: 'https://example.com/x.git' }) },
  { code: 'invalid_cursor', why: 'a cursor of another list', pointer: '?cursor', ask: ({ ann }) => get(`/api/v1/projects?cursor=${ann.app.id}`) },
];

const key = { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' };

const aboutKeys: ErrorRow[] = [
  ...['', ' ', '"', '""', '"half', 'two, keys', 'a"b', 'back\\slash', '"x";y=1', 'x'.repeat(256)].map((text): ErrorRow => ({ code: 'idempotency_key_invalid', why: `the key ${text.slice(0, 10)}`, ask: () => ({ ...post('/api/v1/projects', { name: 'p' }), headers: { 'idempotency-key': text } }) })),
  {
    code: 'idempotency_key_reused',
    why: 'a key for another project than before',
    ask: async ({ plane, ann }) => {
      await plane.request('POST', '/api/v1/projects', { token: ann.session, body: { name: 'first' }, headers: key });
      return { ...post('/api/v1/projects', { name: 'second' }), headers: key };
    },
  },
  {
    code: 'idempotency_reply_not_kept',
    why: 'the output of a command that wrote more than is kept',
    ask: async ({ plane, ann, handlers }) => {
      handlers.exec = () => ({ exit_code: 0, stdout: 'x'.repeat(300_000), stderr: '', truncated: false });
      const asked = { ...post(`/api/v1/apps/${ann.app.slug}/exec`, { cmd: ['cat', 'large'] }), headers: { 'idempotency-key': 'large' } };
      await plane.request('POST', asked.path, { token: ann.session, ...asked });
      return asked;
    },
  },
];

/** The session of a member to whom nothing is granted. */
async function ungranted({ plane }: World): Promise<string> {
  const account = { email: `${crypto.randomUUID()}@example.com`, password: 'long enough for it' };
  await plane.expect(201, user, plane.request('POST', '/api/v1/users', { body: account }));
  return (await logIn(plane, account.email, account.password)).token;
}

async function endedSession({ plane, ann }: World): Promise<string> {
  const { token } = await logIn(plane, ann.email, ann.password);
  await plane.request('POST', '/api/v1/auth/logout', { token });
  return token;
}

/** A member who is logged in and has a second factor. */
async function withSecondFactor({ plane }: World): Promise<{ account: { email: string; password: string }; token: string }> {
  const account = { email: `${crypto.randomUUID()}@example.com`, password: 'long enough for it' };
  await plane.expect(201, user, plane.request('POST', '/api/v1/users', { body: account }));
  const { token } = await logIn(plane, account.email, account.password);
  await switchOnSecondFactor(plane, { token, password: account.password });
  return { account, token };
}

async function keyFor({ plane, ann }: World, scopes: Scope[]): Promise<string> {
  return (await plane.expect(201, createdApiKey, plane.request('POST', '/api/v1/api-keys', { token: ann.session, body: { name: 'x', scopes } }))).key;
}

const aboutWhoAsks: ErrorRow[] = [
  { code: 'unauthenticated', why: 'no token', ask: () => ({ ...get('/api/v1/projects'), token: null }) },
  { code: 'unauthenticated', why: 'another scheme', ask: () => ({ ...get('/api/v1/projects'), token: null, headers: { authorization: 'Basic YTpi' } }) },
  { code: 'invalid_token', why: 'a key nobody has', ask: () => ({ ...get('/api/v1/projects'), token: `dkp_${'0'.repeat(48)}` }) },
  { code: 'invalid_token', why: 'a session with a changed signature', ask: ({ ann }) => ({ ...get('/api/v1/projects'), token: `${ann.session.slice(0, -4)}AAAA` }) },
  { code: 'ticket_invalid', why: 'a ticket nobody gave out', ask: ({ ann }) => ({ ...get(`/api/v1/apps/${ann.app.slug}/logs/stream?ticket=dkt_x`), token: null }) },
  { code: 'token_expired', why: 'a session of yesterday', ask: async (world) => ({ ...get('/api/v1/projects'), token: await expiredSession(world) }) },
  { code: 'invalid_credentials', why: 'a wrong password', ask: ({ ann }) => ({ ...post('/api/v1/auth/login', { email: ann.email, password: 'wrong' }), token: null }) },
  { code: 'invalid_credentials', why: 'an address nobody has', ask: () => ({ ...post('/api/v1/auth/login', { email: 'nobody@example.com', password: 'wrong' }), token: null }) },
  { code: 'invalid_token', why: 'a session that has been ended', ask: async (world) => ({ ...get('/api/v1/projects'), token: await endedSession(world) }) },
  { code: 'second_factor_required', why: 'the right password of an account with a second factor', ask: async (world) => ({ ...post('/api/v1/auth/login', (await withSecondFactor(world)).account), token: null }) },
  {
    code: 'second_factor_wrong',
    why: 'a code that nobody was given',
    ask: async (world) => ({ ...post('/api/v1/auth/login', { ...(await withSecondFactor(world)).account, code: 'aaaa-aaaa-aaaa-aaaa' }), token: null }),
  },
  { code: 'password_wrong', why: 'a new password without the old one', ask: () => post('/api/v1/auth/password', { current_password: 'wrong', new_password: 'twelve-characters' }) },
  {
    code: 'code_wrong',
    why: 'taking the second factor off with a code that nobody was given',
    ask: async (world) => {
      const { account, token } = await withSecondFactor(world);
      return { method: 'DELETE', path: '/api/v1/auth/totp', body: { current_password: account.password, code: 'aaaa-aaaa-aaaa-aaaa' }, token };
    },
  },
  { code: 'session_needed', why: 'a key that changes the password', ask: ({ ann }) => ({ ...post('/api/v1/auth/password', { current_password: ann.password, new_password: 'twelve-characters' }), token: ann.key.text }) },
  { code: 'forbidden', why: 'a member on a route of administrators', ask: () => get('/api/v1/users') },
  { code: 'grant_missing', why: 'a member without the grant who opens the way to the API', ask: async (world) => ({ ...post('/api/v1/api-keys', { name: 'x' }), token: await ungranted(world) }) },
  { code: 'scope_missing', why: 'a key for logs that reads an app', ask: async (world) => ({ ...get(`/api/v1/apps/${world.ann.app.slug}`), token: await keyFor(world, ['logs']) }) },
  { code: 'reveal_needs_session', why: 'a key that asks for a key', ask: ({ ann }) => ({ ...post(`/api/v1/api-keys/${ann.key.id}/reveal`), token: ann.key.text }) },
  { code: 'enrolment_token_invalid', why: 'a token nobody gave out', ask: () => ({ ...post(enrolPath, { token: 'dke_x', public_key: { kty: 'OKP', crv: 'Ed25519', x: 'x'.repeat(43) } }), token: null }) },
];

const aboutWhatIsNotThere: ErrorRow[] = [
  { code: 'user_not_found', why: 'deleting nobody', ask: asAdministrator(() => ({ method: 'DELETE', path: `/api/v1/users/${missing('usr')}` })) },
  { code: 'invitation_not_found', why: 'taking back no invitation', ask: asAdministrator(() => ({ method: 'DELETE', path: `/api/v1/invitations/${missing('inv')}` })) },
  { code: 'invitation_invalid', why: 'a token that nobody has given', ask: () => ({ ...post('/api/v1/invitations/accept', { token: `dki_${'0'.repeat(48)}`, email: 'nobody@example.com', password: 'twelve-characters' }), token: null }) },
  { code: 'email_taken', why: 'inviting a user', pointer: '/email', ask: asAdministrator(({ ann }) => post('/api/v1/invitations', { email: ann.email })) },
  { code: 'team_not_found', why: 'inviting into no team', pointer: '/teams/0', ask: asAdministrator(() => post('/api/v1/invitations', { email: 'invited@example.com', teams: [missing('team')] })) },
  { code: 'out_of_range', why: 'an invitation for longer than 72 hours', pointer: '/expires_in_hours', ask: asAdministrator(() => post('/api/v1/invitations', { email: 'invited@example.com', expires_in_hours: 73 })) },
  { code: 'team_not_found', why: 'reading no team', ask: asAdministrator(() => get(`/api/v1/teams/${missing('team')}`)) },
  { code: 'tag_not_found', why: 'reading no tag', ask: () => get(`/api/v1/tags/${missing('tag')}`) },
  { code: 'tag_not_found', why: 'giving a project no tag', ask: ({ ann }) => ({ method: 'PUT', path: `/api/v1/projects/${ann.projectId}/tags/${missing('tag')}` }) },
  { code: 'tag_not_found', why: 'taking a tag that the project does not have', ask: ({ bob, tag }) => ({ method: 'DELETE', path: `/api/v1/projects/${bob.projectId}/tags/${tag.id}`, token: bob.session }) },
  { code: 'tag_not_found', why: 'a list with no tag in it', pointer: '/tags/1', ask: ({ ann, tag }) => ({ method: 'PUT', path: `/api/v1/projects/${ann.projectId}/tags`, body: { tags: [tag.id, missing('tag')] } }) },
  { code: 'session_not_found', why: 'ending no session', ask: () => ({ method: 'DELETE', path: `/api/v1/auth/sessions/${missing('ses')}` }) },
  { code: 'session_not_found', why: 'ending the session of somebody else', ask: ({ bob }) => ({ method: 'DELETE', path: `/api/v1/auth/sessions/${bob.sessionId}` }) },
  { code: 'api_key_not_found', why: 'deleting no key', ask: () => ({ method: 'DELETE', path: `/api/v1/api-keys/${missing('key')}` }) },
  { code: 'project_not_found', why: 'an unknown project', ask: () => get(`/api/v1/projects/${missing('prj')}`) },
  { code: 'environment_not_found', why: 'an unknown environment', ask: () => get(`/api/v1/environments/${missing('env')}`) },
  { code: 'environment_not_found', why: 'an app in the environment of somebody else', pointer: '/environment_id', ask: ({ bob, ...world }) => createApp({ environment_id: defaultEnvironmentId(bob.projectId) })({ bob, ...world }) },
  { code: 'app_not_found', why: 'an unknown id', ask: () => get(`/api/v1/apps/${missing('app')}`) },
  { code: 'app_not_found', why: 'an unknown slug', ask: () => get('/api/v1/apps/nowhere') },
  { code: 'app_not_found', why: 'an app of somebody else', ask: ({ bob }) => get(`/api/v1/apps/${bob.app.slug}`) },
  { code: 'app_not_found', why: 'a slug with SQL in it', ask: () => get(`/api/v1/apps/${encodeURIComponent("' or 1=1 --")}`) },
  { code: 'deployment_not_found', why: 'an unknown deployment', ask: () => get(`/api/v1/deployments/${missing('dep')}`) },
  { code: 'deployment_not_found', why: 'rolling back to somebody else’s deployment', ask: ({ ann, bob }) => post(`/api/v1/apps/${ann.app.slug}/rollback`, { deployment_id: bob.deploymentId }) },
  { code: 'volume_not_found', why: 'deleting a volume nobody has made', ask: ({ ann }) => ({ method: 'DELETE', path: `/api/v1/apps/${ann.app.slug}/volumes/nowhere` }) },
  { code: 'server_not_found', why: 'an unknown server', ask: asAdministrator(() => get(`/api/v1/servers/${missing('srv')}`)) },
  { code: 'server_not_found', why: 'an app placed nowhere', pointer: '/server_id', ask: createApp({ server_id: missing('srv') }) },
];

const aboutTheRules: ErrorRow[] = [
  { code: 'slug_invalid', why: 'capitals', pointer: '/slug', ask: createApp({ slug: 'Shop' }) },
  { code: 'slug_invalid', why: 'the shape of an id', pointer: '/slug', ask: createApp({ slug: missing('app') }) },
  { code: 'slug_invalid', why: 'a path', pointer: '/slug', ask: createApp({ slug: '../admin' }) },
  { code: 'slug_reserved', why: 'a host of Dockup itself', pointer: '/slug', ask: createApp({ slug: 'admin' }) },
  { code: 'slug_reserved', why: 'a look-alike', pointer: '/slug', ask: createApp({ slug: 'xn--80ak6aa92e' }) },
  { code: 'slug_taken', why: 'by somebody else', pointer: '/slug', ask: (world) => createApp({ slug: world.bob.app.slug })(world) },
  { code: 'slug_immutable', why: 'another slug', pointer: '/slug', ask: ({ ann }) => ({ method: 'PATCH', path: `/api/v1/apps/${ann.app.id}`, body: { slug: 'another' } }) },
  { code: 'email_taken', why: 'in other letters', pointer: '/email', ask: asAdministrator(({ ann }) => post('/api/v1/users', { email: ann.email.toUpperCase(), password: 'twelve-characters' })) },
  { code: 'project_not_empty', why: 'a project with an app', ask: ({ ann }) => ({ method: 'DELETE', path: `/api/v1/projects/${ann.projectId}` }) },
  { code: 'project_not_empty', why: 'a user with a project', ask: asAdministrator(({ ann }) => ({ method: 'DELETE', path: `/api/v1/users/${ann.id}` })) },
  { code: 'environment_exists', why: 'a name that is there', pointer: '/name', ask: ({ ann }) => post(`/api/v1/projects/${ann.projectId}/environments`, { name: 'production' }) },
  { code: 'environment_is_default', why: 'deleting the first one', ask: ({ ann }) => ({ method: 'DELETE', path: `/api/v1/environments/${defaultEnvironmentId(ann.projectId)}` }) },
  { code: 'environment_not_empty', why: 'one with an app', ask: async (world) => ({ method: 'DELETE', path: `/api/v1/environments/${await filledEnvironment(world)}` }) },
  { code: 'tag_exists', why: 'a name that is there', pointer: '/name', ask: asAdministrator(({ tag }) => post('/api/v1/tags', { name: tag.name })) },
  { code: 'invalid_value', why: 'a colour by its name', pointer: '/color', ask: asAdministrator(() => post('/api/v1/tags', { name: 'red', color: 'red' })) },
  { code: 'too_many_tags', why: 'one more than a project has at most', ask: fullOfTags },
  { code: 'server_in_use', why: 'a server with apps', ask: asAdministrator(({ executor }) => ({ method: 'DELETE', path: `/api/v1/servers/${executor.serverId}` })) },
  { code: 'owner_protected', why: 'deleting the owner', ask: asAdministrator(({ administrator }) => ({ method: 'DELETE', path: `/api/v1/users/${administrator.id}` })) },
  { code: 'owner_protected', why: 'taking the owner’s role away', ask: asAdministrator(({ administrator }) => ({ method: 'PATCH', path: `/api/v1/users/${administrator.id}`, body: { role: 'member' } })) },
  {
    code: 'second_factor_on',
    why: 'a second factor for an account that has one',
    ask: async (world) => {
      const { account, token } = await withSecondFactor(world);
      return { ...post('/api/v1/auth/totp', { current_password: account.password }), token };
    },
  },
  { code: 'second_factor_off', why: 'confirming what was not begun', ask: () => post('/api/v1/auth/totp/confirm', { code: '000000' }) },
  { code: 'second_factor_off', why: 'taking one from a user who has none', ask: asAdministrator(({ ann }) => ({ method: 'DELETE', path: `/api/v1/users/${ann.id}/totp` })) },
  { code: 'nothing_to_deploy', why: 'an app without an image', ask: async (world) => post(`${await undeployed(world, 'empty', {})}/deploy`) },
  { code: 'git_deploy_unavailable', why: 'an app with a repository', ask: async (world) => post(`${await undeployed(world, 'from-git', { git_repo_url: 'https://example.com/x.git' })}/deploy`) },
  { code: 'not_available_yet', why: 'what the contract names and is not built', ask: (world) => ({ method: 'GET', path: `/api/v1/apps/${world.ann.app.slug}/autoscale` }) },
  { code: 'image_not_found', why: 'an image uploaded for somebody else', pointer: '/image', ask: createApp({ image: 'dockup/app-of-bob:dep_1k3m8v0qz9x4c7b2n5h6t0' }) },
  ...(['archive_invalid', 'archive_ambiguous', 'archive_too_large', 'image_not_in_archive', 'upload_interrupted', 'upload_disabled', 'insufficient_storage'] as const).map((code): ErrorRow => ({ code, why: 'an archive that its server refuses', ask: refusedArchive(code) })),
  ...(['digest_mismatch', 'upload_incomplete', 'upload_not_found'] as const).map((code): ErrorRow => ({ code, why: 'an upload that its server refuses', ask: refusedArchive(code, `?upload=${'0'.repeat(32)}`) })),
  {
    code: 'too_many_uploads',
    why: 'one more upload than its server keeps open',
    ask: (world) => {
      world.handlers.upload = () => {
        throw new AppError('too_many_uploads');
      };
      return tus(world, 'POST', {});
    },
  },
  { code: 'upload_version_unsupported', why: 'an upload by another version of tus', ask: (world) => tus(world, 'POST', { 'tus-resumable': '0.2.2' }) },
  { code: 'upload_version_unsupported', why: 'an executor that finds the version missing', ask: refusedTus('POST', 412, 'Tus-Resumable Required') },
  { code: 'unsupported_media_type', why: 'a piece that calls itself text', ask: (world) => tus(world, 'PATCH', { 'content-type': 'text/plain' }) },
  { code: 'upload_header_invalid', why: 'an upload without its length', ask: refusedTus('POST', 400, 'Upload-Length or Upload-Defer-Length header required') },
  { code: 'upload_header_invalid', why: 'a piece that does not say where it begins', ask: refusedTus('PATCH', 403, 'Upload-Offset header required') },
  { code: 'upload_offset_mismatch', why: 'a piece at the wrong place', ask: refusedTus('PATCH', 409, 'Upload-Offset conflict') },
  { code: 'upload_not_found', why: 'a piece of an upload nobody has begun', ask: refusedTus('PATCH', 404, 'The file for this url was not found') },
  { code: 'archive_too_large', why: 'an upload that is announced too large', ask: refusedTus('POST', 413, 'Maximum size exceeded') },
  { code: 'transfer_not_found', why: 'bytes nobody waits for', ask: async ({ executor }) => ({ ...get(`${transfersPath}/nowhere`), token: await executor.connectToken() }) },
  { code: 'unknown_field', why: 'a deploy with a field', ask: ({ ann }) => post(`/api/v1/deploy/${ann.app.slug}`, { image: 'other' }) },
  { code: 'no_earlier_deployment', why: 'rolling back what was deployed once', ask: ({ ann }) => post(`/api/v1/apps/${ann.app.slug}/rollback`) },
  { code: 'image_not_kept', why: 'rolling back to what has not succeeded', ask: async (world) => post(`${await undeployed(world, 'waiting', { image: 'nginx:alpine' })}/rollback`, { deployment_id: await runningDeployment(world, 'waiting') }) },
  { code: 'volume_exists', why: 'a volume of a name that is there', ask: async (world) => post(`${await withVolume(world)}/volumes`, { name: 'data', mount_path: '/other' }) },
  { code: 'volume_in_use', why: 'deleting a volume that is mounted', ask: async (world) => ({ method: 'DELETE', path: `${await withVolume(world)}/volumes/data` }) },
  { code: 'app_has_volumes', why: 'deleting an app whose volumes are not named', ask: async (world) => ({ method: 'DELETE', path: await withVolume(world) }) },
  { code: 'limit_below_usage', why: 'a limit below what the app uses', ask: limitsRefused('limit_below_usage') },
  { code: 'limit_out_of_range', why: 'a limit above what the server has', ask: limitsRefused('limit_out_of_range') },
  { code: 'app_not_deployed', why: 'starting what was never deployed', ask: async (world) => post(`${await undeployed(world, 'empty', {})}/start`) },
  { code: 'app_not_deployed', why: 'statistics of what was never deployed', ask: async (world) => get(`${await undeployed(world, 'empty', {})}/stats`) },
  { code: 'invalid_state', why: 'waking what is not asleep', ask: ({ ann }) => post(`/api/v1/apps/${ann.app.slug}/unpause`) },
  { code: 'deployment_finished', why: 'cancelling what has ended', ask: ({ ann }) => post(`/api/v1/deployments/${ann.deploymentId}/cancel`) },
];

const aboutTheExecutor: ErrorRow[] = [
  { code: 'executor_offline', why: 'a deploy to a host that is away', ask: async (world) => post(`${await onAbsentServer(world)}/deploy`) },
  { code: 'executor_offline', why: 'removing an app from a host that is away', ask: async (world) => ({ method: 'DELETE', path: await onAbsentServer(world) }) },
  { code: 'unsupported_command', why: 'an executor that is too old', ask: refusedByExecutor('unsupported_command') },
  { code: 'engine_unreachable', why: 'a host without Docker', ask: refusedByExecutor('engine_unreachable') },
  { code: 'engine_error', why: 'a Docker that refuses', ask: refusedByExecutor('engine_error') },
  { code: 'app_not_running', why: 'a command in a stopped app', ask: refusedCommand('app_not_running') },
  { code: 'exec_failed', why: 'a command that is not in the image', ask: refusedCommand('exec_failed') },
  { code: 'exec_disabled', why: 'a command where the server allows none', ask: refusedCommand('exec_disabled') },
  { code: 'app_not_deployed', why: 'a command in what was never deployed', ask: async (world) => post(`${await undeployed(world, 'empty', {})}/exec`, { cmd: ['true'] }) },
  { code: 'too_short', why: 'a command of nothing', pointer: '/cmd', ask: ({ ann }) => post(`/api/v1/apps/${ann.app.slug}/exec`, { cmd: [] }) },
  { code: 'wrong_type', why: 'a command for a shell', pointer: '/cmd', ask: ({ ann }) => post(`/api/v1/apps/${ann.app.slug}/exec`, { cmd: 'rm -rf /' }) },
  { code: 'out_of_range', why: 'a command that may run longer than an hour', pointer: '/timeout', ask: ({ ann }) => post(`/api/v1/apps/${ann.app.slug}/exec`, { cmd: ['true'], timeout: 3_601 }) },
  { code: 'app_not_deployed', why: 'a container that is gone', ask: refusedByExecutor('app_not_deployed') },
  { code: 'unsupported_command', why: 'cancelling on an executor that is too old', ask: async (world) => post(`/api/v1/deployments/${await runningDeployment(world)}/cancel`) },
  { code: 'unsupported_command', why: 'removing an app from an executor that is too old', ask: ({ ann }) => ({ method: 'DELETE', path: `/api/v1/apps/${ann.app.slug}` }) },
  {
    code: 'proxy_unavailable',
    why: 'removing a route from a proxy that is down',
    ask: ({ ann, handlers }) => {
      handlers.volumes = () => ({ volumes: [] });
      handlers.remove_app = () => {
        throw new AppError('proxy_unavailable');
      };
      return { method: 'DELETE', path: `/api/v1/apps/${ann.app.slug}` };
    },
  },
];

export const errorRows: readonly ErrorRow[] = [...aboutTheRequest, ...aboutKeys, ...aboutWhoAsks, ...aboutWhatIsNotThere, ...aboutTheRules, ...aboutTheExecutor];
