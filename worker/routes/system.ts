import { systemStatus } from '../../shared/api/system.ts';
import { defineRoute, onPublic } from '../route.ts';
import { readSystemStatus } from '../services/system.ts';
import { json } from './replies.ts';

export const systemRoutes = [
  defineRoute(
    onPublic,
    [],
    {
      method: 'get',
      path: '/api/v1/system/status',
      operationId: 'getSystemStatus',
      summary: 'Public state of this host',
      description: 'No token needed: use it to verify that the host is Dockup.',
      tags: ['System'],
      responses: { 200: json(systemStatus, 'The host answers.') },
    },
    async (c) => c.json(await readSystemStatus(c.get('ctx')), 200),
  ),
];
