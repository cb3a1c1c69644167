import { z } from 'zod';
import { pageQuery } from '../../shared/api/common.ts';
import { project } from '../../shared/api/projects.ts';
import { createTag as createTagBody, tag, tagPage, updateProjectTags, updateTag as updateTagBody } from '../../shared/api/tags.ts';
import { toProject, toTag } from '../present.ts';
import { defineRoute, onAdministrator, onProject, onUser } from '../route.ts';
import { mapPage } from '../services/pages.ts';
import { addProjectTag, changeProjectTags, changeTag, createTag, readTag, readTags, removeProjectTag, removeTag } from '../services/tags.ts';
import { projectParams, tagParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/tags';
const onePath = `${path}/{tagId}` as const;
const ofProject = '/api/v1/projects/{projectId}/tags';
const oneOfProject = `${ofProject}/{tagId}` as const;
const oneOfProjectParams = z.object({ ...projectParams.shape, ...tagParams.shape });
const tags = ['Tags'];

/** PUT and PATCH are the same partial update (decision 4 of the requirements). */
const update = (method: 'put' | 'patch', operationId: string) =>
  defineRoute(
    onAdministrator,
    ['tag_not_found', 'tag_exists'],
    { method, path: onePath, operationId, summary: 'Change a tag', tags, request: { params: tagParams, body: body(updateTagBody) }, responses: { 200: json(tag, 'The tag as it is now.') } },
    async (c) => c.json(toTag(await changeTag(c.get('ctx'), c.req.valid('param').tagId, c.req.valid('json'))), 200),
  );

export const tagRoutes = [
  defineRoute(
    onUser,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listTags', summary: 'List tags', tags, request: { query: pageQuery }, responses: { 200: json(tagPage, 'All tags of the instance, oldest first.') } },
    async (c) => c.json(mapPage(await readTags(c.get('ctx'), c.req.valid('query')), toTag), 200),
  ),
  defineRoute(
    onAdministrator,
    ['tag_exists', 'too_many_tags'],
    { method: 'post', path, operationId: 'createTag', summary: 'Make a tag', tags, request: { body: body(createTagBody) }, responses: { 201: json(tag, 'The new tag.') } },
    async (c) => c.json(toTag(await createTag(c.get('ctx'), c.req.valid('json'))), 201),
  ),
  defineRoute(
    onUser,
    ['tag_not_found'],
    { method: 'get', path: onePath, operationId: 'getTag', summary: 'Read a tag', tags, request: { params: tagParams }, responses: { 200: json(tag, 'The tag.') } },
    async (c) => c.json(toTag(await readTag(c.get('ctx'), c.req.valid('param').tagId)), 200),
  ),
  update('put', 'updateTag'),
  update('patch', 'patchTag'),
  defineRoute(
    onAdministrator,
    ['tag_not_found'],
    { method: 'delete', path: onePath, operationId: 'deleteTag', summary: 'Delete a tag', description: 'The projects that have it stay.', tags, request: { params: tagParams }, responses: { 204: noContent } },
    async (c) => {
      await removeTag(c.get('ctx'), c.req.valid('param').tagId);
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onProject,
    ['tag_not_found'],
    {
      method: 'put', path: ofProject, operationId: 'updateProjectTags', summary: 'Say which tags a project has', description: 'These and no others.', tags,
      request: { params: projectParams, body: body(updateProjectTags) }, responses: { 200: json(project, 'The project as it is now.') },
    },
    async (c) => c.json(toProject(await changeProjectTags(c.get('ctx'), c.get('project'), c.req.valid('json').tags)), 200),
  ),
  defineRoute(
    onProject,
    ['tag_not_found', 'too_many_tags'],
    { method: 'put', path: oneOfProject, operationId: 'addProjectTag', summary: 'Give a project a tag', tags, request: { params: oneOfProjectParams }, responses: { 200: json(project, 'The project as it is now.') } },
    async (c) => c.json(toProject(await addProjectTag(c.get('ctx'), c.get('project'), c.req.valid('param').tagId)), 200),
  ),
  defineRoute(
    onProject,
    ['tag_not_found'],
    { method: 'delete', path: oneOfProject, operationId: 'deleteProjectTag', summary: 'Take a tag from a project', tags, request: { params: oneOfProjectParams }, responses: { 204: noContent } },
    async (c) => {
      await removeProjectTag(c.get('ctx'), c.get('project'), c.req.valid('param').tagId);
      return c.body(null, 204);
    },
  ),
];
