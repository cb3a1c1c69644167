import { pageQuery, toTimestamp } from '../../shared/api/common.ts';
import { createServer as createServerBody, createdServer, server, serverPage } from '../../shared/api/servers.ts';
import { connectPath, enrolPath, enrolRequest, enrolResponse } from '../../shared/protocol/enrolment.ts';
import { toServer } from '../present.ts';
import { defineRoute, onAdministrator, onExecutor, onServer } from '../route.ts';
import { mapPage } from '../services/pages.ts';
import { serverNow } from '../services/presence.ts';
import { connectExecutor, createServer, enrol, enrolCommand, readServers, removeServer, revokeServer } from '../services/servers.ts';
import { readExecutorToken, serverParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/servers';
const onePath = `${path}/{serverId}` as const;
const tags = ['Servers'];

export const serverRoutes = [
  defineRoute(
    onAdministrator,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listServers', summary: 'List servers', tags, request: { query: pageQuery }, responses: { 200: json(serverPage, 'Servers, oldest first.') } },
    async (c) => c.json(mapPage(await readServers(c.get('ctx'), c.req.valid('query')), toServer), 200),
  ),
  defineRoute(
    onAdministrator,
    [],
    {
      method: 'post',
      path,
      operationId: 'createServer',
      summary: 'Register a server',
      description: 'Gives a one-time enrolment token and the command that starts an executor on that machine.',
      tags,
      request: { body: body(createServerBody) },
      responses: { 201: json(createdServer, 'The new server and how to enrol it.') },
    },
    async (c) => {
      const ctx = c.get('ctx');
      const { row, token, expiresAt } = await createServer(ctx, c.req.valid('json').name);
      return c.json({ ...toServer(row), enrolment_token: token, enrolment_expires_at: toTimestamp(expiresAt), command: enrolCommand(ctx, token) }, 201);
    },
  ),
  defineRoute(
    onServer,
    [],
    { method: 'get', path: onePath, operationId: 'getServer', summary: 'Read a server', tags, request: { params: serverParams }, responses: { 200: json(server, 'The server.') } },
    async (c) => c.json(toServer(await serverNow(c.get('ctx'), c.get('server'))), 200),
  ),
  defineRoute(
    onServer,
    [],
    {
      method: 'post',
      path: `${onePath}/revoke`,
      operationId: 'revokeServer',
      summary: 'Refuse its executor from now on and close its connection',
      description: 'Its apps keep serving where they are.',
      tags,
      request: { params: serverParams },
      responses: { 200: json(server, 'The server as it is now.') },
    },
    async (c) => c.json(toServer(await revokeServer(c.get('ctx'), c.get('server'))), 200),
  ),
  defineRoute(
    onServer,
    ['server_in_use'],
    { method: 'delete', path: onePath, operationId: 'deleteServer', summary: 'Revoke and delete a server without apps', tags, request: { params: serverParams }, responses: { 204: noContent } },
    async (c) => {
      await removeServer(c.get('ctx'), c.get('server'));
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onExecutor,
    ['enrolment_token_invalid'],
    {
      method: 'post',
      path: enrolPath,
      operationId: 'enrolExecutor',
      summary: 'Enrol an executor with its one-time token',
      'x-no-idempotency-key': 'The enrolment token works once.',
      tags: ['Executors'],
      request: { body: body(enrolRequest) },
      responses: { 201: json(enrolResponse, 'What the executor now is.') },
    },
    async (c) => {
      const row = await enrol(c.get('ctx'), c.req.valid('json'));
      return c.json({ server_id: row.id, name: row.name }, 201);
    },
  ),
  defineRoute(
    onExecutor,
    ['unauthenticated', 'invalid_token', 'server_revoked', 'upgrade_required'],
    {
      method: 'get',
      path: connectPath,
      operationId: 'connectExecutor',
      summary: 'The WebSocket of an executor',
      description: 'Upgrade with `Authorization: Bearer` and a JWT that the executor signed with its own key. docs/protocol.md describes what is spoken. Close codes: 4400 no hello, 4403 revoked, 4409 a newer connection took over, 4503 try again.',
      tags: ['Executors'],
      responses: { 101: { description: 'Switching to WebSocket.' } },
    },
    (c) => connectExecutor(c.get('ctx'), c.req.raw, readExecutorToken(c.req.header('authorization'))),
  ),
];
