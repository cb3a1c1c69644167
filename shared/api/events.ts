import { z } from 'zod';
import { idOf, pageOf, pageQuery, timestamp } from './common.ts';

export const event = z
  .strictObject({
    id: idOf('event', 'Id of the event.'),
    app_id: idOf('app', 'The app.'),
    type: z.string().meta({ description: 'What kind of event.', example: 'deployment.succeeded' }),
    actor: z.string().meta({ description: 'User id, or `system`.', example: 'system' }),
    message: z.string().meta({ description: 'The same for people.', example: 'Deployment succeeded' }),
    data: z.record(z.string(), z.unknown()).meta({ description: 'Details, by type.', example: { deployment_id: 'dep_1k3m8v0qz9x4c7b2n5h6t0' } }),
    created_at: timestamp('When it happened.'),
  })
  .meta({ id: 'Event', description: 'Something that happened to an app.' });
export type Event = z.infer<typeof event>;
export const eventPage = pageOf(event, 'EventPage');

export const eventQuery = pageQuery.extend({
  type: z
    .string()
    .max(50)
    .regex(/^[a-z_.]+$/, 'is not the beginning of an event type')
    .optional()
    .meta({ description: 'Only events whose type begins so: `deployment`, `app.status`.', example: 'deployment' }),
});
export type EventQuery = z.infer<typeof eventQuery>;

export const eventStreamQuery = z.strictObject({
  after: z.string().max(100).optional().meta({ description: 'Id of an event: the stream goes on with the one after it. The header `Last-Event-ID` says the same, and wins.', example: 'evt_1k3m8v0qz9x4c7b2n5h6t0' }),
});
