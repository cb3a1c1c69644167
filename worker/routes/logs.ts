import { logPage, logQuery } from '../../shared/api/logs.ts';
import { defineRoute, onApp } from '../route.ts';
import { readLogs } from '../services/logs.ts';
import { executorErrors } from './executor-errors.ts';
import { appParams } from './params.ts';
import { json } from './replies.ts';

export const logRoutes = [
  defineRoute(
    onApp,
    ['app_not_deployed', 'deployment_not_found', ...executorErrors],
    {
      method: 'get',
      path: '/api/v1/apps/{appId}/logs',
      operationId: 'getAppLogs',
      summary: 'Read the last log lines',
      description:
        'The last lines that match all conditions. All containers the app has had make one log; those that were replaced, failed or crashed are kept for 7 days, or as long as the host says, up to 10 MB each. To follow the log: `GET /apps/{appId}/logs/stream`.',
      tags: ['Logs and events'],
      request: { params: appParams, query: logQuery },
      responses: { 200: json(logPage, 'Log lines, oldest first.') },
    },
    async (c) => c.json({ data: await readLogs(c.get('ctx'), c.get('app'), c.req.valid('query')) }, 200),
  ),
];
