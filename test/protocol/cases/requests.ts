/** Requests that HTTP allows and that are not the usual ones. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { project } from '../../../shared/api/projects.ts';
import { transfersPath } from '../../../shared/protocol/transfers.ts';
import { connectAndServe, setScene, type Plane } from './scene.ts';

export function requestCases(plane: Plane): void {
  test.each(['application/json;', 'application/json ; charset=utf-8', 'Application/JSON;charset="utf-8"', 'application/json; a=b; ;'])('a body of `%s` is JSON', async (type) => {
    const created = await plane().expect(201, project, plane().request('POST', '/api/v1/projects', { body: { name: 'of JSON' }, headers: { 'content-type': type } }));
    expect(await plane().expect(200, project, plane().request('PATCH', `/api/v1/projects/${created.id}`, { body: { name: 'changed' }, headers: { 'content-type': type } }))).toMatchObject({ name: 'changed' });
    const refused = await plane().request('PATCH', `/api/v1/projects/${created.id}`, { body: { name: 7 }, headers: { 'content-type': type } });
    expect(refused).toMatchObject({ status: 422, body: { code: 'wrong_type' } });
    expect(await plane().request('GET', `/api/v1/projects/${created.id}`)).toMatchObject({ status: 200, body: { name: 'changed' } });
  });

  test('a GET with a body is a GET', async () => {
    const { executor } = await setScene(plane());
    const outgoing = request(`${plane().url}${transfersPath}/nowhere`, { method: 'GET', agent: false, headers: { authorization: `Bearer ${await executor.connectToken()}`, 'content-length': '2' } });
    outgoing.end('{}');
    // The response's own event carries nothing else.
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect({ status: reply.statusCode, body: await json(reply) }).toMatchObject({ status: 404, body: { code: 'transfer_not_found' } });
  });

  test('a body that may be left out, and does not say what it is, is refused', async () => {
    const scene = await setScene(plane());
    const connection = await connectAndServe(scene);
    const headers = { authorization: `Bearer ${plane().credentials.api_key}` };
    // Of bytes nobody adds a type.
    const response = await fetch(`${plane().url}/api/v1/apps/${scene.app.slug}/rollback`, { method: 'POST', headers, body: new TextEncoder().encode('{}') });
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    expect(connection.calls('deploy')).toEqual([]);
    await connection.close();
  });
}
