import { pageQuery } from '../../shared/api/common.ts';
import { loginSessionPage } from '../../shared/api/sessions.ts';
import { toLoginSession } from '../present.ts';
import { defineRoute, onSession } from '../route.ts';
import { mapPage } from '../services/pages.ts';
import { endOtherSessions, endSession, readSessions } from '../services/sessions.ts';
import { sessionParams } from './params.ts';
import { json, noContent } from './replies.ts';

const path = '/api/v1/auth/sessions';
const tags = ['Auth'];

export const sessionRoutes = [
  defineRoute(
    onSession,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listSessions', summary: 'List where you are logged in', tags, request: { query: pageQuery }, responses: { 200: json(loginSessionPage, 'Your sessions, oldest first.') } },
    async (c) => {
      const actor = c.get('actor');
      return c.json(mapPage(await readSessions(c.get('ctx'), actor, c.req.valid('query')), (row) => toLoginSession(row, actor.tokenId)), 200);
    },
  ),
  defineRoute(
    onSession,
    [],
    { method: 'delete', path, operationId: 'deleteOtherSessions', summary: 'End all your sessions but this one', tags, responses: { 204: noContent } },
    async (c) => {
      await endOtherSessions(c.get('ctx'), c.get('actor'));
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onSession,
    ['session_not_found'],
    { method: 'delete', path: `${path}/{sessionId}`, operationId: 'deleteSession', summary: 'End one of your sessions', description: 'Its token is worth nothing from the next call on.', tags, request: { params: sessionParams }, responses: { 204: noContent } },
    async (c) => {
      await endSession(c.get('ctx'), c.get('actor'), c.req.valid('param').sessionId);
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onSession,
    ['session_not_found'],
    {
      method: 'post',
      path: '/api/v1/auth/logout',
      operationId: 'logOut',
      summary: 'End this session',
      'x-no-idempotency-key': 'Sent again, the token is no longer one.',
      tags,
      responses: { 204: noContent },
    },
    async (c) => {
      const actor = c.get('actor');
      await endSession(c.get('ctx'), actor, actor.tokenId);
      return c.body(null, 204);
    },
  ),
];
