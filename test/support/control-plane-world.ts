/**
 * A control plane with people in it: an administrator and two members who own one thing of each kind, and an executor that is connected.
 * What tests of rights, errors and secrets ask their questions of.
 */
import { decodeJwt } from 'jose';
import { Secret, TOTP } from 'otpauth';
import { expect } from 'vitest';
import { z } from 'zod';
import { createdApiKey, session, user } from '../../shared/api/auth.ts';
import type { App } from '../../shared/api/apps.ts';
import { deployment } from '../../shared/api/deployments.ts';
import { recoveryCodes, totpSecret } from '../../shared/api/sign-in.ts';
import { project as projectSchema } from '../../shared/api/projects.ts';
import { tag as tagSchema, type Tag } from '../../shared/api/tags.ts';
import { team as teamSchema, type Team } from '../../shared/api/teams.ts';
import type { LogEntry } from '../../shared/protocol/logs.ts';
import type { StatsSample } from '../../shared/protocol/usage.ts';
import type { Host } from '../../scripts/local/settings.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { enrolExecutor, type Connection, type FakeExecutor, type Handlers } from './fake-executor.ts';
import type { FakeStream } from './fake-streams.ts';

export interface Person {
  id: string;
  email: string;
  password: string;
  /** Of a login. */
  session: string;
  sessionId: string;
  key: { id: string; text: string };
}

export interface Member extends Person {
  projectId: string;
  /** Deployed, running, its environment set. */
  app: App;
  deploymentId: string;
}

export interface World {
  plane: ControlPlane;
  administrator: Person;
  ann: Member;
  bob: Member;
  /** Nobody is in it, and nothing is shared with it. */
  team: Team;
  /** Of ann's project. */
  tag: Tag;
  executor: FakeExecutor;
  connection: Connection;
  /** What the executor answers: tests may replace its methods. */
  handlers: Handlers;
  /** Every row of every table, but for the count of attempts to log in, which counts those that fail, and when keys were last used. */
  dump(): Promise<string>;
  stop(): Promise<void>;
}

export const plantedEnv = { DATABASE_URL: 'postgres://ann:planted-env-value@db/shop' };

const sample: StatsSample = {
  time: '2026-11-22T18:50:28.123Z', cpu: 1, cpu_of_limit: null, memory: 24, memory_limit: null, memory_of_limit: null, network_rx: 0, network_tx: 0, block_read: 0, block_write: 0, pids: 1,
};

const logLine: LogEntry = { time: '2026-11-22T18:50:28.123456789Z', stream: 'stdout', text: 'listening', cursor: 'c1', deployment: 'dep_1' };

const page = z.object({ data: z.array(z.object({ id: z.string() })) });

export async function startWorld(env: Record<string, string> = {}, host: Host = 'embedded'): Promise<World> {
  const plane = await startControlPlane({ host, env });
  try {
    return await populate(plane);
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

async function populate(plane: ControlPlane): Promise<World> {
  const executor = await enrolExecutor(plane);
  const handlers: Handlers = { deploy: () => ({ accepted: true }), logs: () => ({ lines: [] }), volumes: () => ({ volumes: [] }), stats: () => sample };
  const connection = await executor.connect(handlers, {}, tellOnce);
  const { email, password, api_key } = plane.credentials;
  const login = await logIn(plane, email, password);
  const [firstKey] = (await plane.expect(200, page, plane.request('GET', '/api/v1/api-keys'))).data;
  const administrator = { id: login.user.id, email, password, session: login.token, sessionId: sessionOf(login.token), key: { id: firstKey?.id ?? '', text: api_key } };
  const [ann, bob] = [await addMember(plane, connection, 'ann'), await addMember(plane, connection, 'bob')];
  const tag = await plane.expect(201, tagSchema, plane.request('POST', '/api/v1/tags', { body: { name: 'customers' } }));
  await plane.expect(200, projectSchema, plane.request('PUT', `/api/v1/projects/${ann.projectId}/tags/${tag.id}`));
  return {
    plane,
    administrator,
    ann,
    bob,
    team: await plane.expect(201, teamSchema, plane.request('POST', '/api/v1/teams', { body: { name: 'nobody' } })),
    tag,
    executor,
    connection,
    handlers,
    dump: () => dump(plane),
    stop: async () => {
      await connection.close();
      await plane.stop();
    },
  };
}

/** Streams that are read have one line, and no end. */
function tellOnce(stream: FakeStream): void {
  stream.opened();
  if (stream.kind === 'logs') stream.write(`${JSON.stringify(logLine)}\n`);
  if (stream.kind === 'stats') stream.write(`${JSON.stringify(sample)}\n`);
}

export async function logIn(plane: ControlPlane, email: string, password: string): Promise<z.infer<typeof session>> {
  return plane.expect(200, session, plane.request('POST', '/api/v1/auth/login', { token: null, body: { email, password } }));
}

/** What it answers once, and what it has made of it. */
export async function switchOnSecondFactor(plane: ControlPlane, { token, password }: { token: string; password: string }): Promise<{ secret: string; uri: string; code: string; recovery: string[] }> {
  const { secret, uri } = await plane.expect(201, totpSecret, plane.request('POST', '/api/v1/auth/totp', { token, body: { current_password: password } }));
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  const { recovery_codes: recovery } = await plane.expect(200, recoveryCodes, plane.request('POST', '/api/v1/auth/totp/confirm', { token, body: { code } }));
  return { secret, uri, code, recovery };
}

function sessionOf(token: string): string {
  return decodeJwt(token).jti ?? '';
}

/** Somebody who owns nothing. */
export async function addPerson(plane: ControlPlane, name: string): Promise<Person> {
  const email = `${name}@example.com`;
  const password = `planted-password-of-${name}`;
  const { id } = await plane.expect(201, user, plane.request('POST', '/api/v1/users', { body: { email, password, grants: ['api_tokens'] } }));
  const { token } = await logIn(plane, email, password);
  const key = await plane.expect(201, createdApiKey, plane.request('POST', '/api/v1/api-keys', { token, body: { name: 'ci' } }));
  return { id, email, password, session: token, sessionId: sessionOf(token), key: { id: key.id, text: key.key } };
}

async function addMember(plane: ControlPlane, connection: Connection, name: string): Promise<Member> {
  const person = await addPerson(plane, name);
  const own = { token: person.session };
  const project = await plane.expect(201, projectSchema, plane.request('POST', '/api/v1/projects', { ...own, body: { name: `of ${name}` } }));
  const app = await plane.createApp(project.id, { name: `app of ${name}`, slug: `app-of-${name}`, image: 'nginx:alpine', env: plantedEnv });
  const { id: deploymentId } = await plane.expect(202, deployment, plane.request('POST', `/api/v1/apps/${app.id}/deploy`, own));
  await connection.tell({ kind: 'deployment', deployment: deploymentId, app: app.id, status: 'succeeded', phase: 'done', at: Date.now(), image_id: null, failure: null });
  await connection.tell({ kind: 'status', app: app.id, status: 'running', reason: null, at: Date.now() });
  return { ...person, projectId: project.id, app: await plane.getApp(app.id), deploymentId };
}

/** Fails where something is changed, or sent to the executor. */
export async function expectNothingDone(world: World, work: () => Promise<void>): Promise<void> {
  const before = { rows: await world.dump(), messages: world.connection.received.length };
  await work();
  expect(await world.dump()).toBe(before.rows);
  expect(world.connection.received.length).toBe(before.messages);
}

/** Of a dump, all but the audit log: whoever reads secrets is told of there. */
export function withoutTrail(rows: string): string {
  return JSON.stringify((JSON.parse(rows) as [string, unknown][]).filter(([table]) => table !== 'audit_entries'));
}

/** Every row of every table, but for what asking changes: attempts to log in, and when keys were last used. */
export async function dump({ database }: ControlPlane): Promise<string> {
  const tables = await database.execute("select name from sqlite_master where type = 'table' and name <> 'login_attempts' order by name");
  const names = tables.rows.map(({ name }) => String(name));
  // In one go: at the edge each is a request.
  const results = await database.batch(names.map((name) => `select * from "${name}" order by 1`), 'read');
  return JSON.stringify(results.map(({ rows }, i) => [names[i], rows]), (column, value: unknown) => (column === 'last_used_at' ? undefined : value), 1);
}
