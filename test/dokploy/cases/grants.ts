import { describe, expect, test } from 'vitest';
import { createdApiKey, user } from '../../../shared/api/auth.ts';
import { defaultEnvironmentId } from '../../../shared/names.ts';
import type { Listed } from '../../../worker/dokploy/procedure.ts';
import { listed } from '../../../worker/dokploy/procedures.ts';
import { connectAndServe, progress, requestDeploy, type Plane } from '../../protocol/cases/scene.ts';
import { dump, logIn } from '../../support/control-plane-world.ts';
import { enrolExecutor, type Connection } from '../../support/fake-executor.ts';

/** How many are asked at once. */
const atOnce = 16;

interface Member {
  session: string;
  key: string;
  connection: Connection;
  /** Everything a procedure could want to know, of what is theirs. */
  input: Record<string, string>;
}

let count = 0;

export function grantCases(plane: Plane): void {
  /** Has a deployed application, and a key from when they might have one. */
  async function addMember(): Promise<Member & { id: string }> {
    const account = { email: `without-${++count}@example.com`, password: 'twelve-characters' };
    const { id } = await plane().expect(201, user, plane().request('POST', '/api/v1/users', { body: { ...account, grants: ['api_tokens'] } }));
    const { token } = await logIn(plane(), account.email, account.password);
    const { key } = await plane().expect(201, createdApiKey, plane().request('POST', '/api/v1/api-keys', { token, body: { name: 'ci' } }));
    const { body } = await plane().request('POST', '/api/v1/projects', { token, body: { name: 'theirs' } });
    const projectId = (body as { id: string }).id;
    const executor = await enrolExecutor(plane());
    const app = await plane().createApp(projectId, { name: 'theirs', slug: `without-grant-${count}`, image: 'nginx:alpine', server_id: executor.serverId });
    const connection = await connectAndServe({ executor, app });
    const deployment = await requestDeploy(plane(), app);
    await connection.tell(progress(deployment, { status: 'succeeded', phase: 'done' }));
    const input = {
      applicationId: app.id, projectId, environmentId: defaultEnvironmentId(projectId), deploymentId: deployment.id, rollbackId: deployment.id, serverId: executor.serverId, userId: id,
      serviceId: app.id, id: app.id, type: 'application', appName: app.slug, name: 'new', dockerImage: 'nginx:1', mountPath: '/data', volumeName: 'data', targetEnvironmentId: defaultEnvironmentId(projectId),
    };
    return { id, session: token, key, connection, input };
  }

  const ask = ({ path, method }: Listed, { input }: Member, headers: Record<string, string>, prefix = '') => {
    const isQuery = method === 'get';
    const query = !isQuery ? '' : prefix === '' ? `?${new URLSearchParams(input)}` : `?input=${encodeURIComponent(JSON.stringify({ json: input }))}`;
    return fetch(`${plane().url}/api/${prefix}${path}${query}`, {
      method: isQuery ? 'GET' : 'POST',
      headers: { ...headers, ...(!isQuery && { 'content-type': 'application/json' }) },
      ...(!isQuery && { body: JSON.stringify(prefix === '' ? input : { json: input }) }),
    });
  };

  describe.each([['with a key from before', 'key'], ['with the token of a login', 'session']] as const)('SEC-03 a member without the grant, %s', (_name, by) => {
    test.each([['plain', ''], ['tRPC', 'trpc/']])('gets 403 from every procedure (%s): nothing changed, nothing sent', async (_protocol, prefix) => {
      const member = await addMember();
      await plane().expect(200, user, plane().request('PATCH', `/api/v1/users/${member.id}`, { body: { grants: [] } }));
      const before = { rows: await dump(plane()), messages: member.connection.received.length };
      const headers: Record<string, string>[] = by === 'key' ? [{ 'x-api-key': member.key }] : [{ authorization: `Bearer ${member.session}` }, { 'x-api-key': member.session }];
      const told = new Map<string, string[]>();
      for (let start = 0; start < listed.length; start += atOnce) {
        await Promise.all(
          listed.slice(start, start + atOnce).map(async (procedure, position) => {
            const response = await ask(procedure, member, headers[position % headers.length] ?? {}, prefix);
            const body = await response.text();
            const [code, path] = [/"dockupCode":"(\w+)"/, /"path":"([\w.]+)"/].map((part) => part.exec(body)?.[1]);
            const text = `${response.status} ${code}`;
            told.set(text, [...(told.get(text) ?? []), path ?? `no path: ${procedure.path}`]);
          }),
        );
      }
      expect([...told.keys()]).toEqual(['403 grant_missing']);
      expect(told.get('403 grant_missing')?.toSorted()).toEqual(listed.map(({ path }) => path).toSorted());
      expect(await dump(plane())).toBe(before.rows);
      expect(member.connection.received).toHaveLength(before.messages);
      await member.connection.close();
    });
  });

  test('SEC-03 the grant is looked at on every call: given back, the same key works', async () => {
    const { id, key, connection } = await addMember();
    const status = async () => (await fetch(`${plane().url}/api/project.all`, { headers: { 'x-api-key': key } })).status;
    const statuses = [await status()];
    for (const grants of [[], ['api_tokens']]) {
      await plane().expect(200, user, plane().request('PATCH', `/api/v1/users/${id}`, { body: { grants } }));
      statuses.push(await status());
    }
    expect(statuses).toEqual([200, 403, 200]);
    await connection.close();
  });
}
