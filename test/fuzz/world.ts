/** People, things and an executor, for requests to meet; and what placeholders stand for among them. */
import { z } from 'zod';
import { createdApiKey, user } from '../../shared/api/auth.ts';
import { deployment } from '../../shared/api/deployments.ts';
import { createdInvitation } from '../../shared/api/invitations.ts';
import { createdServer } from '../../shared/api/servers.ts';
import { defaultEnvironmentId } from '../../shared/names.ts';
import type { ExecutorEvent } from '../../shared/protocol/events.ts';
import type { AppStatus } from '../../shared/status.ts';
import type { Host } from '../../scripts/local/settings.ts';
import { logIn, startWorld, type World } from '../support/control-plane-world.ts';
import { enrolExecutor } from '../support/fake-executor.ts';
import { createHandlers } from './executor.ts';
import type { ServedDocument } from './documents.ts';
import { createThings, type Things } from './things.ts';

export interface FuzzWorld {
  world: World;
  things: Things;
  /** The header that tells who a persona is; keys come by that of the document. */
  authorization(persona: string, document: ServedDocument['name']): Promise<Record<string, string>>;
  /** @param wanted.isBare it has no volumes on its host */
  addApp(wanted: { deployments?: number; settings?: object; isBare?: boolean }): Promise<string>;
  slugOf(app: string): Promise<string>;
  /** The oldest, which can be gone back to. */
  firstDeploymentOf(app: string): Promise<string>;
  /** One that is kept for this operation, deployed twice, with the status it has to begin with. */
  appFor(operation: string, status: AppStatus): Promise<string>;
  addLastingDeployment(): Promise<string>;
  addUser(): Promise<string>;
  addKey(): Promise<string>;
  addProject(): Promise<string>;
  addEnvironment(): Promise<string>;
  addTag(): Promise<string>;
  addTaggedProject(): Promise<{ project: string; tag: string }>;
  /** @param member a placeholder of somebody who is in it */
  addTeam(member?: string): Promise<string>;
  /** @param path of a project or an app */
  share(path: string, holder: string): Promise<void>;
  addInvitation(): Promise<{ id: string; token: string; email: string }>;
  addServer(): Promise<{ id: string; token: string }>;
  /** As after a minute. */
  forgetFailedLogins(): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

interface Options {
  host: Host;
  onTransfer(operation: 'fetchTransfer' | 'uploadTransfer', status: number): void;
}

const made = z.looseObject({ id: z.string() });
const deploymentPage = z.object({ data: z.array(made) });

export async function openFuzzWorld({ host, onTransfer }: Options): Promise<FuzzWorld> {
  const world = await startWorld({}, host);
  const { plane, administrator, ann, bob, connection, executor } = world;
  const [lasting, bare] = [new Set<string>(), new Set<string>()];

  let seq = connection.received.filter(({ type }) => type === 'ack').length;
  const tell = (event: ExecutorEvent) => connection.send({ type: 'event', seq: ++seq, event });
  /** Resolves when everything that was told until now is written down. */
  const written = (last = seq) => connection.until((messages) => messages.findLast((message) => message.type === 'ack' && message.seq >= last));
  Object.assign(world.handlers, createHandlers({ url: plane.url, connectToken: () => executor.connectToken(), tell, lasting, bare, onTransfer }));

  let count = 0;
  const post = async (path: string, body: object, token?: string) => (await plane.expect(201, made, plane.request('POST', path, { body, ...(token !== undefined && { token }) }))).id;
  const { id: projectId } = await plane.createProject('of the administrator');

  async function addApp({ deployments = 1, settings, isBare = false }: Parameters<FuzzWorld['addApp']>[0], isLasting = false): Promise<string> {
    const name = `steady-${++count}`;
    const { id } = await plane.createApp(projectId, { name, slug: name, image: 'nginx:alpine', ...settings });
    if (isLasting) lasting.add(id);
    if (isBare) bare.add(id);
    for (let i = 0; i < (isLasting ? 0 : deployments); i++) await plane.expect(200, deployment, plane.request('POST', `/api/v1/apps/${id}/deploy?wait=20`));
    await written();
    return id;
  }

  const apps = new Map<string, Promise<string>>();
  async function appFor(operation: string, status: AppStatus): Promise<string> {
    const app = apps.get(operation) ?? addApp({ deployments: 2 });
    apps.set(operation, app);
    // Later than any action on it has been written down at.
    tell({ kind: 'status', app: await app, status, reason: null, at: Date.now() + 1_000 * ++count });
    await written();
    return app;
  }

  async function addLastingDeployment(): Promise<string> {
    const id = await addApp({}, true);
    const { id: deploymentId } = await plane.expect(202, deployment, plane.request('POST', `/api/v1/apps/${id}/deploy`));
    await written();
    return deploymentId;
  }

  const addUser = () => post('/api/v1/users', { email: `extra-${++count}@example.com`, password: 'planted-password-of-extra' });
  const addKey = () => post('/api/v1/api-keys', { name: `extra ${++count}` }, administrator.session);
  const addProject = () => post('/api/v1/projects', { name: `extra ${++count}` });
  const addEnvironment = () => post(`/api/v1/projects/${projectId}/environments`, { name: `extra ${++count}` });
  const addTag = () => post('/api/v1/tags', { name: `extra ${++count}` });
  const put = (path: string, body?: object) => plane.expect(200, made, plane.request('PUT', path, body === undefined ? {} : { body }));
  const addTaggedProject = async () => {
    const [project, tag] = [await addProject(), await addTag()];
    await put(`/api/v1/projects/${project}/tags/${tag}`);
    return { project, tag };
  };
  const addTeam = async (member?: string) => {
    const id = await post('/api/v1/teams', { name: `extra ${++count}` });
    if (member !== undefined) await put(`/api/v1/teams/${id}/members/${things.resolve(member, {})}`);
    return id;
  };
  const addInvitation = async () => {
    const { id, token, email } = await plane.expect(201, createdInvitation, plane.request('POST', '/api/v1/invitations', { body: { email: `invited-${++count}@example.com` } }));
    return { id, token, email };
  };
  const addServer = async () => {
    const { id, enrolment_token: token } = await plane.expect(201, createdServer, plane.request('POST', '/api/v1/servers', { body: { name: `extra ${++count}` } }));
    return { id, token };
  };

  const newKey = async (token: string, limits: object) => (await plane.expect(201, createdApiKey, plane.request('POST', '/api/v1/api-keys', { token, body: { name: 'limited', ...limits } }))).key;
  const carl = { email: 'carl@example.com', password: 'planted-password-of-carl' };
  const { id: carlId } = await plane.expect(201, user, plane.request('POST', '/api/v1/users', { body: { ...carl, grants: ['api_tokens'] } }));
  const carlSession = (await logIn(plane, carl.email, carl.password)).token;

  const tokens: Record<string, string> = {
    'administrator.session': administrator.session,
    'administrator.key': administrator.key.text,
    'ann.session': ann.session,
    'ann.key': ann.key.text,
    'bob.session': bob.session,
    'bob.key': bob.key.text,
    'carl.session': carlSession,
    'carl.key': await newKey(carlSession, {}),
    'ann.logs': await newKey(ann.session, { scopes: ['logs'] }),
    'ann.bounded': await newKey(ann.session, { projects: [ann.projectId] }),
    garbage: `dkp_${'0'.repeat(48)}`,
    unsigned: `${ann.session.slice(0, -4)}AAAA`,
  };
  // A connection with the token of the one that works would take its place.
  const spare = await enrolExecutor(plane, 'spare');
  const steady = await plane.getApp(await addApp({ deployments: 2 }));

  const things = createThings({
    administrator: { app: steady.id, slug: steady.slug, project: projectId, environment: defaultEnvironmentId(projectId), tag: world.tag.id, user: administrator.id, key: administrator.key.id, server: executor.serverId },
    ann: { app: ann.app.id, slug: ann.app.slug, project: ann.projectId, environment: defaultEnvironmentId(ann.projectId), deployment: ann.deploymentId, user: ann.id, key: ann.key.id, email: ann.email, password: ann.password },
    carl: { user: carlId },
    dora: { user: await addUser() },
    erin: { user: await addUser() },
    // Whose executor a request may be.
    spare: { server: spare.serverId },
    bob: { app: bob.app.id, slug: bob.app.slug, project: bob.projectId, environment: defaultEnvironmentId(bob.projectId), deployment: bob.deploymentId, user: bob.id, key: bob.key.id },
  });
  const another = await addServer();
  // Of uploads the executor knows whichever it is asked for.
  things.learn('upload', '1'.repeat(32));
  things.learn('server', another.id);
  things.learn('project', await addProject());
  things.learn('tag', await addTag());
  things.learn('user', await addUser());
  things.learn('key', await addKey());
  for (let i = 0; i < 3; i++) things.learn('app', await addApp({}));

  return {
    world,
    things,
    authorization: async (persona, document): Promise<Record<string, string>> => {
      if (persona === 'none') return {};
      if (persona === 'basic') return { Authorization: 'Basic YTpi' };
      const token = (persona === 'executor' ? await spare.connectToken() : tokens[persona]) ?? '';
      return document === 'dokploy' && token.startsWith('dkp_') ? { 'x-api-key': token } : { Authorization: `Bearer ${token}` };
    },
    addApp,
    slugOf: async (app) => (await plane.getApp(app)).slug,
    firstDeploymentOf: async (app) => (await plane.expect(200, deploymentPage, plane.request('GET', `/api/v1/apps/${app}/deployments`))).data.at(-1)?.id ?? '',
    appFor,
    addLastingDeployment,
    addUser,
    addKey,
    addProject,
    addEnvironment,
    addTag,
    addTaggedProject,
    addTeam,
    share: async (path, holder) => void (await put(`${path}/access/${holder}`, {})),
    addInvitation,
    addServer,
    forgetFailedLogins: async () => {
      await plane.database.execute('delete from login_attempts');
      return {};
    },
    stop: () => world.stop(),
  };
}
