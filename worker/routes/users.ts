import { createUser as createUserBody, user, userPage } from '../../shared/api/auth.ts';
import { pageQuery } from '../../shared/api/common.ts';
import { toUser } from '../present.ts';
import { defineRoute, onAdministrator } from '../route.ts';
import { mapPage } from '../services/pages.ts';
import { createUser, readUsers, removeUser } from '../services/users.ts';
import { userParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/users';
const tags = ['Users'];

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
  defineRoute(
    onAdministrator,
    ['user_not_found', 'last_administrator', 'project_not_empty'],
    { method: 'delete', path: `${path}/{userId}`, operationId: 'deleteUser', summary: 'Delete a user without projects', tags, request: { params: userParams }, responses: { 204: noContent } },
    async (c) => {
      await removeUser(c.get('ctx'), c.req.valid('param').userId);
      return c.body(null, 204);
    },
  ),
];
