import { expect, test } from 'vitest';
import type { Plane } from '../../protocol/cases/scene.ts';
import { callDokploy, expectDokploy } from '../../support/dokploy-client.ts';

interface TagRow {
  tagId: string;
  name: string;
}

interface Tagged {
  projectId: string;
  projectTags: { tagId: string; tag: TagRow }[];
}

export function tagCases(plane: Plane): void {
  const make = (name: string, color?: string) => expectDokploy<TagRow>(plane(), 'tag.create', { name, ...(color !== undefined && { color }) });
  const makeProject = async () => (await expectDokploy<{ project: { projectId: string } }>(plane(), 'project.create', { name: 'tagged' })).project.projectId;
  /** As the list and the project itself tell. */
  async function tagsOf(projectId: string): Promise<Tagged['projectTags']> {
    const listed = (await expectDokploy<Tagged[]>(plane(), 'project.all')).find((one) => one.projectId === projectId);
    const one = await expectDokploy<Tagged>(plane(), 'project.one', { projectId });
    expect(listed?.projectTags).toEqual(one.projectTags);
    return one.projectTags;
  }

  test('a tag is made, listed by name, changed and removed, and project.all tells of each at once', async () => {
    const [later, first] = [await make('zebra', '#3b82f6'), await make('ant')];
    expect(later).toMatchObject({ name: 'zebra', color: '#3b82f6', organizationId: expect.any(String), createdAt: expect.any(String) });
    expect(await expectDokploy<TagRow[]>(plane(), 'tag.all')).toEqual([first, later]);
    expect(await expectDokploy(plane(), 'tag.one', { tagId: later.tagId })).toEqual(later);

    const projectId = await makeProject();
    expect(await tagsOf(projectId)).toEqual([]);
    expect(await expectDokploy(plane(), 'tag.assignToProject', { projectId, tagId: later.tagId })).toMatchObject({ id: expect.any(String), projectId, tagId: later.tagId });
    expect(await tagsOf(projectId)).toEqual([{ id: expect.any(String), projectId, tagId: later.tagId, tag: later }]);
    const changed = await expectDokploy<TagRow>(plane(), 'tag.update', { ...later, name: 'aardvark', color: '' });
    expect(changed).toEqual({ ...later, name: 'aardvark', color: null });
    expect(await tagsOf(projectId)).toMatchObject([{ tag: changed }]);
    expect(await expectDokploy(plane(), 'tag.remove', { tagId: later.tagId })).toEqual({ success: true });
    expect(await tagsOf(projectId)).toEqual([]);
    expect(await callDokploy(plane(), 'tag.one', { tagId: later.tagId })).toMatchObject({ status: 404, body: { message: 'Tag not found', code: 'NOT_FOUND' } });
    await expectDokploy(plane(), 'tag.remove', { tagId: first.tagId });
  });

  test('a project is given tags one by one or all at once, by name, and loses them', async () => {
    const [one, two, three] = [await make('three'), await make('two'), await make('one')];
    const ids = async (projectId: string) => (await tagsOf(projectId)).map(({ tagId }) => tagId);
    const projectId = await makeProject();
    for (let i = 0; i < 2; i++) await expectDokploy(plane(), 'tag.assignToProject', { projectId, tagId: one.tagId });
    expect(await ids(projectId)).toEqual([one.tagId]);
    expect(await expectDokploy(plane(), 'tag.bulkAssign', { projectId, tagIds: [two.tagId, three.tagId] })).toEqual({ success: true });
    expect(await ids(projectId)).toEqual([three.tagId, two.tagId]);
    for (let i = 0; i < 2; i++) expect(await expectDokploy(plane(), 'tag.removeFromProject', { projectId, tagId: two.tagId })).toEqual({ success: true });
    expect(await ids(projectId)).toEqual([three.tagId]);
    expect(await expectDokploy(plane(), 'tag.bulkAssign', { projectId, tagIds: [] })).toEqual({ success: true });
    expect(await ids(projectId)).toEqual([]);
    for (const { tagId } of [one, two, three]) await expectDokploy(plane(), 'tag.remove', { tagId });
  });

  test('a name that is taken, a colour that is none and a tag that is not there change nothing', async () => {
    const made = await make('taken');
    const projectId = await makeProject();
    await expectDokploy(plane(), 'tag.assignToProject', { projectId, tagId: made.tagId });
    const missing = `tag_${'0'.repeat(22)}`;
    expect(await callDokploy(plane(), 'tag.create', { name: 'taken' })).toMatchObject({ status: 409, body: { code: 'CONFLICT', data: { dockupCode: 'tag_exists' } } });
    expect(await callDokploy(plane(), 'tag.create', { name: 'coloured', color: 'url(x)' })).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST', data: { zodError: { fieldErrors: { color: [expect.any(String)] } } } } });
    for (const [path, input] of [['tag.assignToProject', { tagId: missing }], ['tag.removeFromProject', { tagId: missing }], ['tag.bulkAssign', { tagIds: [missing] }]] as const) {
      expect(await callDokploy(plane(), path, { projectId, ...input })).toMatchObject({ status: 404, body: { message: 'Tag not found' } });
    }
    expect(await expectDokploy<TagRow[]>(plane(), 'tag.all')).toEqual([made]);
    expect(await tagsOf(projectId)).toMatchObject([{ tag: made }]);
    await expectDokploy(plane(), 'tag.remove', { tagId: made.tagId });
  });
}
