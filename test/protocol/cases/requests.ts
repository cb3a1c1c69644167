/** Requests that HTTP allows and that are not the usual ones. */
import { expect, test } from 'vitest';
import { project } from '../../../shared/api/projects.ts';
import type { Plane } from './scene.ts';

export function requestCases(plane: Plane): void {
  test.each(['application/json;', 'application/json ; charset=utf-8', 'Application/JSON;charset="utf-8"', 'application/json; a=b; ;'])('a body of `%s` is JSON', async (type) => {
    const created = await plane().expect(201, project, plane().request('POST', '/api/v1/projects', { body: { name: 'of JSON' }, headers: { 'content-type': type } }));
    expect(await plane().expect(200, project, plane().request('PATCH', `/api/v1/projects/${created.id}`, { body: { name: 'changed' }, headers: { 'content-type': type } }))).toMatchObject({ name: 'changed' });
    const refused = await plane().request('PATCH', `/api/v1/projects/${created.id}`, { body: { name: 7 }, headers: { 'content-type': type } });
    expect(refused).toMatchObject({ status: 422, body: { code: 'wrong_type' } });
    expect(await plane().request('GET', `/api/v1/projects/${created.id}`)).toMatchObject({ status: 200, body: { name: 'changed' } });
  });
}
