import { z } from 'zod';
import { statsSample } from '../protocol/usage.ts';
import { timestamp } from './common.ts';

export const stats = statsSample.meta({ id: 'Stats', description: 'What an app uses at one moment. Counters of bytes count from the start of its container.' });

const bytes = (description: string, example: number) => z.number().nonnegative().meta({ description, example });

export const usagePoint = z
  .strictObject({
    time: timestamp('The beginning of the minute.'),
    cpu_avg: z.number().meta({ description: 'Percent of one core, on average.', example: 12.5 }),
    cpu_max: z.number().meta({ description: 'Percent of one core, the highest of its looks.', example: 40.1 }),
    memory_avg: z.number().meta({ description: 'MB without the page cache, on average.', example: 64.2 }),
    memory_max: z.number().meta({ description: 'MB without the page cache, the highest of its looks.', example: 70.8 }),
    network_rx: bytes('Bytes received in this minute.', 10_240),
    network_tx: bytes('Bytes sent in this minute.', 20_480),
    block_read: bytes('Bytes read from block devices in this minute.', 0),
    block_write: bytes('Bytes written to block devices in this minute.', 4096),
  })
  .meta({ id: 'UsagePoint', description: 'What an app used in one minute.' });
export type UsagePoint = z.infer<typeof usagePoint>;

export const statsHistory = z
  .strictObject({ data: z.array(usagePoint).meta({ description: 'Oldest first. A minute in which nobody measured, because the app or its host was down, is missing.' }) })
  .meta({ id: 'StatsHistory', description: 'What an app used, minute by minute.' });

export const statsHistoryQuery = z.strictObject({
  minutes: z.coerce.number().int().min(1).max(10_080).default(60).meta({ description: 'How far back, from now. 7 days are kept.', example: 60 }),
});
