import { pageQuery } from '../../shared/api/common.ts';
import { createProject as createProjectBody, project, projectPage, updateProject as updateProjectBody } from '../../shared/api/projects.ts';
import { toProject } from '../present.ts';
import { defineRoute, onProject, onUser } from '../route.ts';
import { mapPage } from '../services/pages.ts';
import { changeProject, createProject, readProjects, removeProject } from '../services/projects.ts';
import { projectParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/projects';
const onePath = `${path}/{projectId}` as const;
const tags = ['Projects'];

/** PUT and PATCH are the same partial update (decision 4 of the requirements). */
const update = (method: 'put' | 'patch', operationId: string) =>
  defineRoute(
    onProject,
    [],
    { method, path: onePath, operationId, summary: 'Change a project', tags, request: { params: projectParams, body: body(updateProjectBody) }, responses: { 200: json(project, 'The project as it is now.') } },
    async (c) => c.json(toProject(await changeProject(c.get('ctx'), c.get('project'), c.req.valid('json'))), 200),
  );

export const projectRoutes = [
  defineRoute(
    onUser,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listProjects', summary: 'List projects', tags, request: { query: pageQuery }, responses: { 200: json(projectPage, 'The projects you can reach, oldest first.') } },
    async (c) => c.json(mapPage(await readProjects(c.get('ctx'), c.get('actor'), c.req.valid('query')), toProject), 200),
  ),
  defineRoute(
    onUser,
    [],
    { method: 'post', path, operationId: 'createProject', summary: 'Make a project', tags, request: { body: body(createProjectBody) }, responses: { 201: json(project, 'The new project.') } },
    async (c) => c.json(toProject(await createProject(c.get('ctx'), c.get('actor'), c.req.valid('json'))), 201),
  ),
  defineRoute(
    onProject,
    [],
    { method: 'get', path: onePath, operationId: 'getProject', summary: 'Read a project', tags, request: { params: projectParams }, responses: { 200: json(project, 'The project.') } },
    (c) => c.json(toProject(c.get('project')), 200),
  ),
  update('put', 'updateProject'),
  update('patch', 'patchProject'),
  defineRoute(
    onProject,
    ['project_not_empty'],
    { method: 'delete', path: onePath, operationId: 'deleteProject', summary: 'Delete a project without apps', tags, request: { params: projectParams }, responses: { 204: noContent } },
    async (c) => {
      await removeProject(c.get('ctx'), c.get('project'));
      return c.body(null, 204);
    },
  ),
];
