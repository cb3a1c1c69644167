import { transfersPath } from '../../shared/protocol/transfers.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { defineRoute, onExecutor } from '../route.ts';
import { authenticateExecutor } from '../services/servers.ts';
import { readExecutorToken, transferParams } from './params.ts';
import { noContent } from './replies.ts';

const path = `${transfersPath}/{transferId}` as const;
const tags = ['Executors'];
const errors: readonly ErrorCode[] = ['unauthenticated', 'invalid_token', 'server_revoked', 'transfer_not_found'];
const binary = { 'application/octet-stream': { schema: { type: 'string' as const, format: 'binary' } } };

const transfer = (method: 'get' | 'post', texts: { operationId: string; summary: string }) =>
  defineRoute(
    onExecutor,
    errors,
    {
      method,
      path,
      ...texts,
      description: 'With `Authorization: Bearer` and a JWT that the executor signed with its own key. A transfer belongs to one executor, works once and ends with the call that named it.',
      ...(method === 'post' && { 'x-no-idempotency-key': 'A transfer works once.' }),
      tags,
      // For the spec alone: the body is passed on as it comes.
      ...(method === 'post' && { requestBody: { required: true, content: binary } }),
      request: { params: transferParams },
      responses: method === 'get' ? { 200: { description: 'The bytes.', content: binary } } : { 204: noContent },
    },
    async (c) => {
      const server = await authenticateExecutor(c.get('ctx'), readExecutorToken(c.req.header('authorization')));
      return c.get('ctx').executors.transfer(server.id, c.req.param('transferId') ?? '', c.req.raw);
    },
  );

export const transferRoutes = [
  transfer('get', { operationId: 'fetchTransfer', summary: 'Fetch what a client sends' }),
  transfer('post', { operationId: 'uploadTransfer', summary: 'Bring what a client waits for' }),
];
