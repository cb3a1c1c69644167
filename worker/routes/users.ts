import { createUser as createUserBody, updateUser as updateUserBody, user, userPage } from '../../shared/api/auth.ts';
import { pageQuery } from '../../shared/api/common.ts';
import { toUser } from '../present.ts';
import { defineRoute, onAdministrator } from '../route.ts';
import { mapPage } from '../services/pages.ts';
import { changeUser, createUser, makeOwner, readUsers, removeUser } from '../services/users.ts';
import { userParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/users';
const tags = ['Users'];

/** PUT and PATCH are the same partial update (decision 4 of the requirements). */
const update = (method: 'put' | 'patch', operationId: string) =>
  defineRoute(
    onAdministrator,
    ['user_not_found', 'owner_protected', 'last_administrator'],
    { method, path: `${path}/{userId}`, operationId, summary: 'Change the role of a user, or what they are granted', tags, request: { params: userParams, body: body(updateUserBody) }, responses: { 200: json(user, 'The user as they are now.') } },
    async (c) => c.json(toUser(await changeUser(c.get('ctx'), c.req.valid('param').userId, c.req.valid('json'))), 200),
  );

export const userRoutes = [
  defineRoute(
    onAdministrator,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listUsers', summary: 'List users', tags, request: { query: pageQuery }, responses: { 200: json(userPage, 'Users, oldest first.') } },
    async (c) => c.json(mapPage(await readUsers(c.get('ctx'), c.req.valid('query')), toUser), 200),
  ),
  defineRoute(
    onAdministrator,
    ['email_taken'],
    { method: 'post', path, operationId: 'createUser', summary: 'Add a user', tags, request: { body: body(createUserBody) }, responses: { 201: json(user, 'The new user.') } },
    async (c) => c.json(toUser(await createUser(c.get('ctx'), c.req.valid('json'))), 201),
  ),
  update('put', 'updateUser'),
  update('patch', 'patchUser'),
  defineRoute(
    onAdministrator,
    ['user_not_found', 'owner_protected', 'last_administrator', 'project_not_empty'],
    { method: 'delete', path: `${path}/{userId}`, operationId: 'deleteUser', summary: 'Delete a user without projects', tags, request: { params: userParams }, responses: { 204: noContent } },
    async (c) => {
      await removeUser(c.get('ctx'), c.req.valid('param').userId);
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onAdministrator,
    ['user_not_found', 'session_needed'],
    {
      method: 'post',
      path: `${path}/{userId}/make-owner`,
      operationId: 'makeUserOwner',
      summary: 'Hand the instance over to another user',
      description: 'For the owner, on a login session. There is one owner at all times: whoever was it before goes on as an admin.',
      tags,
      request: { params: userParams },
      responses: { 200: json(user, 'The new owner.') },
    },
    async (c) => c.json(toUser(await makeOwner(c.get('ctx'), c.get('actor'), c.req.valid('param').userId)), 200),
  ),
];
