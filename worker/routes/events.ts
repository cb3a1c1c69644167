import { eventPage, eventQuery, eventStreamQuery } from '../../shared/api/events.ts';
import { eventStream } from '../event-stream.ts';
import { toEvent } from '../present.ts';
import { defineRoute, onApp } from '../route.ts';
import { followEvents, readEvents } from '../services/events.ts';
import { mapPage } from '../services/pages.ts';
import { holderOf } from '../services/stream-holders.ts';
import { appParams } from './params.ts';
import { json } from './replies.ts';

const path = '/api/v1/apps/{appId}/events';
const tags = ['Logs and events'];

export const eventRoutes = [
  defineRoute(
    onApp,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listAppEvents', summary: 'List what happened to an app', tags, request: { params: appParams, query: eventQuery }, responses: { 200: json(eventPage, 'Events, newest first.') } },
    async (c) => c.json(mapPage(await readEvents(c.get('ctx'), c.get('app'), c.req.valid('query')), toEvent), 200),
  ),
  defineRoute(
    onApp,
    ['invalid_cursor'],
    {
      method: 'get',
      path: `${path}/stream`,
      operationId: 'streamAppEvents',
      summary: 'Follow what happens to an app (server-sent events)',
      tags,
      request: { params: appParams, query: eventStreamQuery },
      responses: {
        200: {
          description: 'Each event as it happens, as in `GET /events`, with its id: `Last-Event-ID` or `?after=` resumes without gap or duplicate. A quiet stream has a comment every 15 s.',
          content: { 'text/event-stream': { schema: { type: 'string' as const, example: 'id: evt_1k3m8v0qz9x4c7b2n5h6t0\ndata: {}\n\n' } } },
        },
      },
    },
    async (c) => {
      const followed = { app: c.get('app'), holder: holderOf(c.get('actor'), ['logs']) };
      const follow = await followEvents(c.get('ctx'), followed, c.req.header('last-event-id') ?? c.req.valid('query').after);
      return eventStream(c, async function* (signal) {
        for await (const row of follow(signal)) yield [{ id: row.id, data: JSON.stringify(toEvent(row)) }];
      });
    },
  ),
];
