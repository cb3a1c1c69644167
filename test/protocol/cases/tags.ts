import { expect, test } from 'vitest';
import { session, user } from '../../../shared/api/auth.ts';
import { project, projectPage } from '../../../shared/api/projects.ts';
import { share } from '../../../shared/api/shares.ts';
import { mostTags, mostTagsOfProject, tag, tagPage, type Tag } from '../../../shared/api/tags.ts';
import type { Plane } from './scene.ts';

let count = 0;

export function tagCases(plane: Plane): void {
  const request = (method: string, path: string, body?: unknown, token?: string) => plane().request(method, path, { ...(body !== undefined && { body }), ...(token !== undefined && { token }) });
  const make = (fields: object = {}): Promise<Tag> => plane().expect(201, tag, request('POST', '/api/v1/tags', { name: `tag ${++count}`, ...fields }));
  const tagsOf = async (projectId: string) => (await plane().expect(200, project, request('GET', `/api/v1/projects/${projectId}`))).tags;
  const rows = async () => (await plane().database.execute('select * from tags order by id')).rows;
  const marks = async () => (await plane().database.execute('select project_id, tag_id from project_tags order by 1, 2')).rows;

  async function logInMember(): Promise<{ id: string; token: string }> {
    const account = { email: `tagging-${++count}@example.com`, password: 'twelve-characters' };
    const { id } = await plane().expect(201, user, request('POST', '/api/v1/users', account));
    const { token } = await plane().expect(200, session, plane().request('POST', '/api/v1/auth/login', { token: null, body: account }));
    return { id, token };
  }

  test('a tag is made, read, changed, listed and deleted, and the projects that had it stay', async () => {
    const made = await make({ name: ' customers ', color: '#3B82f6' });
    expect(made).toMatchObject({ name: 'customers', color: '#3B82f6' });
    expect(await make()).toMatchObject({ color: null });
    const path = `/api/v1/tags/${made.id}`;
    const changed = await plane().expect(200, tag, request('PATCH', path, { name: 'clients', color: null }));
    expect(changed).toMatchObject({ id: made.id, name: 'clients', color: null });
    expect(await plane().expect(200, tag, request('PUT', path, {}))).toMatchObject({ name: 'clients' });
    const { id } = await plane().createProject();
    expect(await plane().expect(200, project, request('PUT', `/api/v1/projects/${id}/tags/${made.id}`))).toMatchObject({ id, tags: [made.id] });
    expect((await plane().expect(200, tagPage, request('GET', '/api/v1/tags?limit=200'))).data.find((one) => one.id === made.id)).toMatchObject({ name: 'clients' });
    expect((await request('DELETE', path)).status).toBe(204);
    expect(await request('GET', path)).toMatchObject({ status: 404, body: { code: 'tag_not_found' } });
    expect([await tagsOf(id), (await marks()).filter(({ tag_id }) => tag_id === made.id)]).toEqual([[], []]);
  });

  test('a project is given tags one by one or all at once, and loses them', async () => {
    const [first, second, third] = [await make(), await make(), await make()];
    const { id } = await plane().createProject();
    const path = `/api/v1/projects/${id}/tags`;
    for (let i = 0; i < 2; i++) expect((await plane().expect(200, project, request('PUT', `${path}/${second.id}`))).tags).toEqual([second.id]);
    expect((await plane().expect(200, project, request('PUT', path, { tags: [third.id, first.id, first.id] }))).tags).toEqual([first.id, third.id]);
    expect((await plane().expect(200, projectPage, request('GET', '/api/v1/projects?limit=200'))).data.find((one) => one.id === id)?.tags).toEqual([first.id, third.id]);
    expect((await plane().expect(200, project, request('PATCH', `/api/v1/projects/${id}`, { name: 'renamed' }))).tags).toEqual([first.id, third.id]);
    expect((await request('DELETE', `${path}/${first.id}`)).status).toBe(204);
    expect(await request('DELETE', `${path}/${first.id}`)).toMatchObject({ status: 404, body: { code: 'tag_not_found' } });
    expect(await tagsOf(id)).toEqual([third.id]);
    expect((await plane().expect(200, project, request('PUT', path, { tags: [] }))).tags).toEqual([]);
    await plane().expect(200, project, request('PUT', `${path}/${third.id}`));
    expect((await request('DELETE', `/api/v1/projects/${id}`)).status).toBe(204);
    expect((await marks()).filter(({ project_id }) => project_id === id)).toEqual([]);
  });

  test('a name is there once, a colour is six digits, and what is refused changes nothing', async () => {
    const [taken, other] = [await make(), await make()];
    const { id } = await plane().createProject();
    await plane().expect(200, project, request('PUT', `/api/v1/projects/${id}/tags/${taken.id}`));
    const before = [await rows(), await marks()];
    const exists = { status: 409, body: { code: 'tag_exists', errors: [{ pointer: '/name' }] } };
    expect(await request('POST', '/api/v1/tags', { name: taken.name })).toMatchObject(exists);
    expect(await request('PATCH', `/api/v1/tags/${other.id}`, { name: taken.name, color: '#000000' })).toMatchObject(exists);
    for (const color of ['red', '#fff', '#12345g', 'url(x)', '#3b82f6;']) expect(await request('POST', '/api/v1/tags', { name: 'coloured', color })).toMatchObject({ status: 422, body: { code: 'invalid_value', errors: [{ pointer: '/color' }] } });
    expect(await request('PUT', `/api/v1/projects/${id}/tags`, { tags: [other.id, `tag_${'0'.repeat(22)}`] })).toMatchObject({ status: 404, body: { code: 'tag_not_found', errors: [{ pointer: '/tags/1' }] } });
    expect([await rows(), await marks()]).toEqual(before);
  });

  test('SEC-03 a member reads tags and gives them to their own projects, and administrators alone make and change them', async () => {
    const made = await make();
    const member = await logInMember();
    const own = await plane().expect(201, project, request('POST', '/api/v1/projects', { name: 'theirs' }, member.token));
    const foreign = await plane().createProject();
    const before = await rows();
    for (const [method, path, body] of [['POST', '', { name: 'mine' }], ['PATCH', `/${made.id}`, { name: 'mine' }], ['PUT', `/${made.id}`, { name: 'mine' }], ['DELETE', `/${made.id}`]] as const) {
      expect(await request(method, `/api/v1/tags${path}`, body, member.token)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect(await rows()).toEqual(before);
    expect(await plane().expect(200, tag, request('GET', `/api/v1/tags/${made.id}`, undefined, member.token))).toEqual(made);
    expect((await plane().expect(200, project, request('PUT', `/api/v1/projects/${own.id}/tags/${made.id}`, undefined, member.token))).tags).toEqual([made.id]);
    // Of somebody else's project there is nothing to see, and of one that is shared to look at nothing to change.
    const path = `/api/v1/projects/${foreign.id}`;
    for (const [level, refusal] of [[null, { status: 404, body: { code: 'project_not_found' } }], ['viewer', { status: 403, body: { code: 'forbidden' } }]] as const) {
      if (level !== null) await plane().expect(200, share, request('PUT', `${path}/access/${member.id}`, { role: level }));
      for (const [method, address, body] of [['PUT', `/${made.id}`], ['PUT', '', { tags: [made.id] }], ['DELETE', `/${made.id}`]] as const) expect(await request(method, `${path}/tags${address}`, body, member.token)).toMatchObject(refusal);
    }
    expect(await tagsOf(foreign.id)).toEqual([]);
    await plane().expect(200, share, request('PUT', `${path}/access/${member.id}`, { role: 'developer' }));
    expect((await plane().expect(200, project, request('PUT', `${path}/tags`, { tags: [made.id] }, member.token))).tags).toEqual([made.id]);
  });

  test('a project has no more than its share of tags, whoever adds at the same moment, nor the instance', async () => {
    const { id } = await plane().createProject();
    const path = `/api/v1/projects/${id}/tags`;
    const made = await Promise.all(Array.from({ length: mostTagsOfProject + 3 }, () => make()));
    const replies = await Promise.all(made.map((one) => request('PUT', `${path}/${one.id}`)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(mostTagsOfProject);
    for (const reply of replies.filter(({ status }) => status !== 200)) expect(reply).toMatchObject({ status: 409, body: { code: 'too_many_tags' } });
    const had = await tagsOf(id);
    expect(had).toHaveLength(mostTagsOfProject);
    // One that it has already is no further one.
    expect((await request('PUT', `${path}/${had[0]}`)).status).toBe(200);
    expect(await request('PUT', path, { tags: made.map((one) => one.id) })).toMatchObject({ status: 422, body: { code: 'too_long', errors: [{ pointer: '/tags' }] } });
    expect(await tagsOf(id)).toEqual(had);

    await plane().database.execute(`insert into tags with recursive numbers(n) as (select (select count(*) from tags) + 1 union all select n + 1 from numbers where n < ${mostTags}) select 'tag_full' || n, 'full ' || n, null, 1, 1 from numbers`);
    expect(await request('POST', '/api/v1/tags', { name: 'one more' })).toMatchObject({ status: 409, body: { code: 'too_many_tags' } });
    expect(await rows()).toHaveLength(mostTags);
    await plane().database.execute("delete from tags where id like 'tag_full%'");
    await make();
  });
}
