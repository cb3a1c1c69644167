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
    ['app_not_deployed', ...executorErrors, 'app_not_running', 'exec_failed', 'exec_disabled', 'deadline_exceeded'],
    {
      method: 'post',
      path: '/api/v1/apps/{appId}/exec',
      operationId: 'execInApp',
      summary: 'Run a command in the container of an app',
      description: 'Answers when the command has ended, with its exit code and the end of what it wrote. A client that disconnects ends the command, on the edge host its `timeout` does. For a conversation connect to the same address with WebSocket.',
      tags: ['Apps'],
      // JSON writes a character of `stdin` with up to six. As large as a call may be on the link.
      'x-max-body-bytes': limits.messageLength,
      request: { params: appParams, body: body(execCommand) },
      responses: { 200: json(execResult, 'The command has ended, well or badly.') },
    },
    async (c) => c.json(await execInApp(c.get('ctx'), c.get('actor'), c.get('app'), c.req.valid('json'), c.req.raw.signal), 200),
  ),
];
