import { apiKeyPage, createApiKey as createApiKeyBody, createdApiKey, revealedApiKey } from '../../shared/api/auth.ts';
import { pageQuery } from '../../shared/api/common.ts';
import { toApiKey } from '../present.ts';
import { defineRoute, onUser } from '../route.ts';
import { createApiKey, readApiKeys, removeApiKey, revealApiKey } from '../services/api-keys.ts';
import { mapPage } from '../services/pages.ts';
import { keyParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/api-keys';
const tags = ['API keys'];

export const apiKeyRoutes = [
  defineRoute(
    onUser,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listApiKeys', summary: 'List your API keys', tags, request: { query: pageQuery }, responses: { 200: json(apiKeyPage, 'Your keys, oldest first.') } },
    async (c) => c.json(mapPage(await readApiKeys(c.get('ctx'), c.get('actor'), c.req.valid('query')), toApiKey), 200),
  ),
  defineRoute(
    onUser,
    [],
    { method: 'post', path, operationId: 'createApiKey', summary: 'Make an API key', tags, request: { body: body(createApiKeyBody) }, responses: { 201: json(createdApiKey, 'The new key.') } },
    async (c) => {
      const { row, key } = await createApiKey(c.get('ctx'), c.get('actor').user, c.req.valid('json'));
      return c.json({ ...toApiKey(row), key }, 201);
    },
  ),
  defineRoute(
    onUser,
    ['api_key_not_found', 'reveal_needs_session', 'reveal_disabled'],
    {
      method: 'post',
      path: `${path}/{keyId}/reveal`,
      operationId: 'revealApiKey',
      summary: 'Show an API key again',
      description: 'Only to its owner, on a login session, never to an API key. Every reveal is audited.',
      'x-no-idempotency-key': 'Every time a key is shown is audited.',
      tags,
      request: { params: keyParams },
      responses: { 200: json(revealedApiKey, 'The key.') },
    },
    async (c) => {
      const { keyId } = c.req.valid('param');
      return c.json({ id: keyId, key: await revealApiKey(c.get('ctx'), c.get('actor'), keyId) }, 200);
    },
  ),
  defineRoute(
    onUser,
    ['api_key_not_found'],
    { method: 'delete', path: `${path}/{keyId}`, operationId: 'deleteApiKey', summary: 'Delete an API key', tags, request: { params: keyParams }, responses: { 204: noContent } },
    async (c) => {
      await removeApiKey(c.get('ctx'), c.get('actor'), c.req.valid('param').keyId);
      return c.body(null, 204);
    },
  ),
];
