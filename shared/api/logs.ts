/** Log lines over the public API: one grammar of filters for the list, the WebSocket and the event stream. */
import { z } from 'zod';
import { logEntry, logStreams } from '../protocol/logs.ts';
import { idOf } from './common.ts';

export const logPage = z.strictObject({ data: z.array(logEntry).meta({ description: 'The lines.' }) }).meta({ id: 'Logs', description: 'Log lines, oldest first.' });

const moment = (description: string, example: string) => z.string().min(1).max(500).meta({ description, example });

const filters = {
  since: moment('Lines from then on: a time (RFC 3339), seconds since 1970, an age such as `15m`, `2h`, `7d`; or the `cursor` of a line, to go on after it without gap or duplicate.', '15m').optional(),
  until: moment('Lines before then: a time (RFC 3339), seconds since 1970 or an age.', '2026-11-22T18:50:28Z').optional(),
  stream: z.enum(logStreams).optional().meta({ description: 'Only this one.', example: 'stderr' }),
  search: z.string().min(1).max(200).optional().meta({ description: 'Only lines that contain this text, upper and lower case alike.', example: 'timeout' }),
  deployment: idOf('deployment', 'Only lines of this deployment; without it, of all the app has had, as one log.').optional(),
};

export const logQuery = z.strictObject({
  tail: z.coerce.number().int().min(1).max(5000).default(100).meta({ description: 'How many of the last lines.', example: 100 }),
  ...filters,
});
export type LogQuery = z.infer<typeof logQuery>;

export const logStreamQuery = z.strictObject({
  tail: z.coerce.number().int().min(0).max(5000).optional().meta({ description: 'How many of the last lines before those to come: 100, or with `since` all of them, unless told.', example: 100 }),
  ...filters,
});
export type LogStreamQuery = z.infer<typeof logStreamQuery>;
