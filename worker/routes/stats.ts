import { stats, statsHistory, statsHistoryQuery } from '../../shared/api/stats.ts';
import { toUsagePoint } from '../present.ts';
import { defineRoute, onApp } from '../route.ts';
import { readHistory, readStats } from '../services/stats.ts';
import { executorErrors } from './executor-errors.ts';
import { appParams } from './params.ts';
import { json } from './replies.ts';

const path = '/api/v1/apps/{appId}/stats';
const tags = ['Apps'];

export const statsRoutes = [
  defineRoute(
    onApp,
    ['app_not_deployed', ...executorErrors, 'app_not_running'],
    { method: 'get', path, operationId: 'getAppStats', summary: 'Read what an app uses now', tags, request: { params: appParams }, responses: { 200: json(stats, 'Measured for this request.') } },
    async (c) => c.json(await readStats(c.get('ctx'), c.get('app')), 200),
  ),
  defineRoute(
    onApp,
    [],
    {
      method: 'get',
      path: `${path}/history`,
      operationId: 'getAppStatsHistory',
      summary: 'Read what an app used, minute by minute',
      tags,
      request: { params: appParams, query: statsHistoryQuery },
      responses: { 200: json(statsHistory, 'One point a minute, also while the host is down.') },
    },
    async (c) => c.json({ data: (await readHistory(c.get('ctx'), c.get('app'), c.req.valid('query').minutes)).map(toUsagePoint) }, 200),
  ),
];
