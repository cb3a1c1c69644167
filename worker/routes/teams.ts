import { z } from 'zod';
import { pageQuery } from '../../shared/api/common.ts';
import { createTeam as createTeamBody, team, teamPage, updateTeam as updateTeamBody } from '../../shared/api/teams.ts';
import { toTeam } from '../present.ts';
import { defineRoute, onAdministrator } from '../route.ts';
import { mapPage } from '../services/pages.ts';
import { addTeamMember, changeTeam, createTeam, readTeam, readTeams, removeTeam, removeTeamMember } from '../services/teams.ts';
import { teamParams, userParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/teams';
const onePath = `${path}/{teamId}` as const;
const memberPath = `${onePath}/members/{userId}` as const;
const memberParams = z.object({ ...teamParams.shape, ...userParams.shape });
const tags = ['Teams'];

/** PUT and PATCH are the same partial update (decision 4 of the requirements). */
const update = (method: 'put' | 'patch', operationId: string) =>
  defineRoute(
    onAdministrator,
    ['team_not_found'],
    { method, path: onePath, operationId, summary: 'Change a team', tags, request: { params: teamParams, body: body(updateTeamBody) }, responses: { 200: json(team, 'The team as it is now.') } },
    async (c) => c.json(toTeam(await changeTeam(c.get('ctx'), c.req.valid('param').teamId, c.req.valid('json'))), 200),
  );

export const teamRoutes = [
  defineRoute(
    onAdministrator,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listTeams', summary: 'List teams', tags, request: { query: pageQuery }, responses: { 200: json(teamPage, 'Teams, oldest first.') } },
    async (c) => c.json(mapPage(await readTeams(c.get('ctx'), c.req.valid('query')), toTeam), 200),
  ),
  defineRoute(
    onAdministrator,
    [],
    { method: 'post', path, operationId: 'createTeam', summary: 'Make a team', tags, request: { body: body(createTeamBody) }, responses: { 201: json(team, 'The new team.') } },
    async (c) => c.json(toTeam(await createTeam(c.get('ctx'), c.req.valid('json'))), 201),
  ),
  defineRoute(
    onAdministrator,
    ['team_not_found'],
    { method: 'get', path: onePath, operationId: 'getTeam', summary: 'Read a team', tags, request: { params: teamParams }, responses: { 200: json(team, 'The team.') } },
    async (c) => c.json(toTeam(await readTeam(c.get('ctx'), c.req.valid('param').teamId)), 200),
  ),
  update('put', 'updateTeam'),
  update('patch', 'patchTeam'),
  defineRoute(
    onAdministrator,
    ['team_not_found'],
    { method: 'delete', path: onePath, operationId: 'deleteTeam', summary: 'Delete a team', description: 'Its members no longer reach what was shared with it.', tags, request: { params: teamParams }, responses: { 204: noContent } },
    async (c) => {
      await removeTeam(c.get('ctx'), c.req.valid('param').teamId);
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onAdministrator,
    ['team_not_found', 'user_not_found'],
    { method: 'put', path: memberPath, operationId: 'addTeamMember', summary: 'Put a user into a team', tags, request: { params: memberParams }, responses: { 200: json(team, 'The team as it is now.') } },
    async (c) => {
      const { teamId, userId } = c.req.valid('param');
      return c.json(toTeam(await addTeamMember(c.get('ctx'), teamId, userId)), 200);
    },
  ),
  defineRoute(
    onAdministrator,
    ['team_not_found', 'user_not_found'],
    { method: 'delete', path: memberPath, operationId: 'deleteTeamMember', summary: 'Take a user out of a team', tags, request: { params: memberParams }, responses: { 204: noContent } },
    async (c) => {
      const { teamId, userId } = c.req.valid('param');
      await removeTeamMember(c.get('ctx'), teamId, userId);
      return c.body(null, 204);
    },
  ),
];
