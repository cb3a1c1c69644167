/** What the audit log tells of: the table against the registry, and the rows of what somebody does. */
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createdApiKey } from '../../shared/api/auth.ts';
import { auditPage, auditVerdict, type AuditEntry } from '../../shared/api/audit-log.ts';
import { deployment } from '../../shared/api/deployments.ts';
import { totpSecret } from '../../shared/api/sign-in.ts';
import { sha256 } from '../../worker/auth/bytes.ts';
import { routes } from '../../worker/registry.ts';
import { audited } from '../../worker/services/audited.ts';
import { callDokploy } from '../support/dokploy-client.ts';
import { addPerson, startWorld, type World } from '../support/control-plane-world.ts';

/** Operations that change something and leave no row: why. */
const untold: Record<string, string> = {
  createProject: 'events and the project itself tell of it', updateProject: 'a name', patchProject: 'a name',
  createTag: 'a name', updateTag: 'a name', patchTag: 'a name', updateProjectTags: 'names that a project is found by', addProjectTag: 'a name that a project is found by', deleteProjectTag: 'a name that a project is found by',
  createEnvironment: 'a name', updateEnvironment: 'a name', patchEnvironment: 'a name',
  createApp: 'app.created tells of it', updateApp: 'app.updated tells of it', patchApp: 'app.updated tells of it', updateAppAutoscale: 'not available yet',
  addVolume: 'settings of the app', uploadVolume: 'app.volume_written tells of it',
  createUpload: 'nothing is deployed by it', patchUpload: 'nothing is deployed by it', deleteUpload: 'nothing was deployed by it', readUploadOptions: 'changes nothing',
  startApp: 'app.start tells of it', stopApp: 'app.stop tells of it', restartApp: 'app.restart tells of it', pauseApp: 'app.pause tells of it', unpauseApp: 'app.unpause tells of it',
  // Their services tell of them: how somebody has proved who they are, only they know.
  deleteSession: 'session.end', logOut: 'session.end', deleteOtherSessions: 'session.end_others', updatePassword: 'user.password',
  createTotpSecret: 'nothing counts yet', confirmTotp: 'second_factor.on', deleteTotp: 'second_factor.off', createRecoveryCodes: 'recovery_codes.new', deleteUserTotp: 'second_factor.reset',
  createTicket: 'what it opens is told of', createRegistry: 'not available yet',
  uploadTransfer: 'of an executor, for a call that is told of',
};

test('every operation that changes something is told of, or says why not; and no other is, but those that let secrets out', () => {
  const changing = routes.filter(({ method }) => method !== 'get').map(({ operationId }) => operationId);
  expect(changing.filter((operation) => !(operation in audited)).toSorted()).toEqual(Object.keys(untold).toSorted());
  expect(Object.keys(audited).filter((operation) => !changing.includes(operation)).toSorted()).toEqual(['downloadVolume', 'getAppEnv', 'openTerminal']);
});

describe('the audit log', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  const ask = (method: string, path: string, token: string, body?: unknown) => world.plane.request(method, path, { token, ...(body !== undefined && { body }) });
  const read = async (query = '') => (await world.plane.expect(200, auditPage, ask('GET', `/api/v1/audit-log${query}`, world.administrator.session))).data;
  const exported = async () => {
    const reply = await fetch(`${world.plane.url}/api/v1/audit-log/export`, { headers: { authorization: `Bearer ${world.administrator.session}` } });
    expect(reply.headers.get('content-type')).toBe('application/x-ndjson');
    return (await reply.text()).trimEnd().split('\n').map((line) => JSON.parse(line) as AuditEntry);
  };

  test('tells who did what to what, by which key, and how it was asked', async () => {
    const { ann, bob, administrator, connection } = world;
    const before = (await read())[0]?.seq ?? 0;
    const grants = await ask('PATCH', `/api/v1/users/${bob.id}`, administrator.session, { grants: ['api_tokens', 'swagger'] });
    const key = await world.plane.expect(201, createdApiKey, ask('POST', '/api/v1/api-keys', ann.session, { name: 'told', scopes: ['deploy'] }));
    const { id: deployed } = await world.plane.expect(202, deployment, ask('POST', `/api/v1/deploy/${ann.app.slug}`, key.key));
    await connection.tell({ kind: 'deployment', deployment: deployed, app: ann.app.id, status: 'succeeded', phase: 'done', at: Date.now(), image_id: null, failure: null });
    await ask('PUT', `/api/v1/apps/${ann.app.slug}/access/${bob.id}`, ann.session, { role: 'viewer' });
    await ask('DELETE', `/api/v1/apps/${ann.app.slug}/access/${bob.id}`, ann.session);
    world.handlers.exec = () => ({ exit_code: 0, stdout: '', stderr: '', truncated: false });
    await ask('POST', `/api/v1/apps/${ann.app.slug}/exec`, ann.session, { cmd: ['mysql', '--password=planted-env-value'] });
    await ask('DELETE', `/api/v1/api-keys/${key.id}`, ann.session);
    const told = (await read()).filter(({ seq }) => seq > before).toReversed();
    expect(told.map(({ actor, via, credential, action, target, outcome, detail }) => [actor, via, credential, action, target, outcome, detail])).toEqual([
      [administrator.id, 'session', administrator.sessionId, 'user.update', bob.id, 'done', { grants: ['api_tokens', 'swagger'] }],
      [ann.id, 'session', ann.sessionId, 'api_key.create', key.id, 'done', { name: 'told', scopes: ['deploy'], projects: null, apps: null, expires_at: null }],
      [ann.id, 'api_key', key.id, 'app.deploy', `${ann.app.id}/${deployed}`, 'done', {}],
      [ann.id, 'session', ann.sessionId, 'app.share', `${ann.app.id}/${bob.id}`, 'done', { role: 'viewer' }],
      [ann.id, 'session', ann.sessionId, 'app.unshare', `${ann.app.id}/${bob.id}`, 'done', {}],
      [ann.id, 'session', ann.sessionId, 'app.exec', ann.app.id, 'done', { program: 'mysql' }],
      [ann.id, 'session', ann.sessionId, 'api_key.delete', key.id, 'done', {}],
    ]);
    expect(told[0]?.request_id).toBe(grants.headers.get('x-request-id'));
  });

  test('tells with which request a session was ended, a password changed and a second factor taken', async () => {
    const { plane, administrator } = world;
    const person = await addPerson(plane, 'whose-requests-are-told');
    const secret = await plane.expect(201, totpSecret, ask('POST', '/api/v1/auth/totp', person.session, { current_password: person.password }));
    const code = new TOTP({ secret: Secret.fromBase32(secret.secret) }).generate();
    const replies = [
      await ask('POST', '/api/v1/auth/totp/confirm', person.session, { code }),
      await ask('DELETE', `/api/v1/users/${person.id}/totp`, administrator.session),
      await ask('POST', '/api/v1/auth/password', person.session, { current_password: person.password, new_password: 'another horse battery' }),
      await ask('DELETE', '/api/v1/auth/sessions', person.session),
      await ask('POST', '/api/v1/auth/logout', person.session),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 204, 204, 204, 204]);
    const told = (await read()).slice(0, replies.length).toReversed();
    expect(told.map(({ action, request_id: id }) => [action, id])).toEqual(['second_factor.on', 'second_factor.reset', 'user.password', 'session.end_others', 'session.end'].map((action, place) => [action, replies[place]?.headers.get('x-request-id')]));
  });

  test('tells of nothing that was refused, and once of what is answered again', async () => {
    const { ann, bob, plane, administrator } = world;
    const before = await read();
    await ask('DELETE', `/api/v1/users/${ann.id}`, bob.session);
    await ask('DELETE', `/api/v1/users/${ann.id}`, administrator.session);
    await ask('GET', `/api/v1/apps/${ann.app.id}/env`, bob.session);
    await ask('POST', `/api/v1/api-keys/${ann.key.id}/reveal`, bob.session);
    expect(await read()).toEqual(before);
    for (let i = 0; i < 2; i++) await plane.request('POST', '/api/v1/teams', { body: { name: 'once' }, headers: { 'idempotency-key': 'once-and-again' } });
    expect((await read()).slice(0, 2).map(({ action }) => action)).toEqual(['team.create', before[0]?.action]);
  });

  test('tells of a deployment that its caller waited for and that failed', async () => {
    const { ann, handlers, connection } = world;
    handlers.deploy = ({ deployment: id, spec }) => {
      const failure = { code: 'image_not_found' as const, message: 'none', phase: 'pull' as const, exit_code: null, oom_killed: false, last_probe: null, logs: [] };
      void connection.tell({ kind: 'deployment', deployment: id, app: spec.app, status: 'failed', phase: 'pull', at: Date.now(), image_id: null, failure });
      return { accepted: true };
    };
    expect((await ask('POST', `/api/v1/deploy/${ann.app.slug}?wait=30`, ann.session)).status).toBe(422);
    expect((await read())[0]).toMatchObject({ action: 'app.deploy', outcome: 'image_not_found', target: expect.stringMatching(new RegExp(`^${ann.app.id}/dep_`)) });
    handlers.deploy = () => ({ accepted: true });
  });

  test('tells of what was asked by the API of Dokploy and may have been done', async () => {
    const { ann, handlers, plane } = world;
    handlers.act = () => ({ status: 'on fire' }) as never;
    expect(await callDokploy(plane, 'application.stop', { applicationId: ann.app.id }, ann.key.text)).toMatchObject({ status: 503, body: { data: { dockupCode: 'executor_lost' } } });
    expect((await read())[0]).toMatchObject({ action: 'dokploy.application.stop', outcome: 'executor_lost', target: ann.app.id, actor: ann.id });
  });

  test('tells by its id of what was made by the API of Dokploy', async () => {
    const { ann, plane } = world;
    const { body } = await callDokploy(plane, 'project.create', { name: 'made' }, ann.key.text);
    const { project, environment } = body as { project: { projectId: string }; environment: { environmentId: string } };
    expect((await read())[0]).toMatchObject({ action: 'dokploy.project.create', outcome: 'done', target: expect.stringContaining(project.projectId) });
    expect((await read())[0]?.target).toContain(environment.environmentId);
  });

  test('SEC-11 has been exported whole, oldest first, without a secret, and can be checked without the host', async () => {
    const { ann, bob, administrator } = world;
    await ask('GET', `/api/v1/apps/${ann.app.id}/env`, ann.session);
    const entries = await exported();
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
    expect(entries.at(-1)).toMatchObject({ action: 'app.read_env', actor: ann.id, target: ann.app.id });
    for (const secret of ['planted-env-value', 'planted-password', ann.key.text, bob.key.text, administrator.key.text, administrator.password]) expect(JSON.stringify(entries)).not.toContain(secret);
    let previous = '0'.repeat(64);
    for (const { previous_hash, seq, id, time, actor, via, credential, action, target, outcome, detail, request_id, hash } of entries) {
      expect(previous_hash).toBe(previous);
      expect(hash).toBe(sha256(JSON.stringify([previous_hash, seq, id, time, actor, via, credential, action, target, outcome, detail, request_id])));
      previous = hash;
    }
    expect(await world.plane.expect(200, auditVerdict, ask('GET', '/api/v1/audit-log/verify', administrator.session))).toEqual({ intact: true, rows: entries.length, broken_at: null, head: previous });
  });

  test('SEC-09 is for administrators alone', async () => {
    for (const path of ['', '/export', '/verify']) expect(await ask('GET', `/api/v1/audit-log${path}`, world.ann.session)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});
