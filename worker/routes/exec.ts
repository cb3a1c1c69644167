import { execCommand, execResult } from '../../shared/api/exec.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { defineRoute, onApp } from '../route.ts';
import { execInApp } from '../services/exec.ts';
import { executorErrors } from './executor-errors.ts';
import { appParams } from './params.ts';
import { body, json } from './replies.ts';

export const execRoutes = [
  defineRoute(
    onApp,
    ['app_not_deployed', ...executorErrors, 'app_not_running', 'exec_failed', 'exec_disabled'],
    {
      method: 'post',
      path: '/api/v1/apps/{appId}/exec',
      operationId: 'execInApp',
      summary: 'Run a command in the container of an app',
      description: 'Answers when the command has ended, with its exit code and the end of what it wrote. A client that disconnects ends the command, unless it has sent an `Idempotency-Key` and may come back for the reply; on the edge host only its `timeout` does. For a conversation connect to the same address with WebSocket.',
      tags: ['Apps'],
      // JSON writes a character of `stdin` with up to six. As large as a call may be on the link.
      'x-max-body-bytes': limits.messageLength,
      request: { params: appParams, body: body(execCommand) },
      responses: { 200: json(execResult, 'The command has ended, well or badly.') },
    },
    async (c) => {
      // Whoever named it comes back for its reply when the connection breaks: it runs to its end.
      const signal = c.get('fixedId') === undefined ? c.req.raw.signal : undefined;
      return c.json(await execInApp(c.get('ctx'), c.get('actor'), c.get('app'), c.req.valid('json'), signal), 200);
    },
  ),
];
