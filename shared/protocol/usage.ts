/** What apps use. */
import { z } from 'zod';

/** One look at a running container. Counters of bytes count from its start. */
export const statsSample = z.strictObject({
  time: z.iso.datetime().meta({ description: 'When it was measured.', example: '2026-11-22T18:50:28.123Z' }),
  cpu: z.number().nonnegative().meta({ description: 'Percent of one core.', example: 12.5 }),
  cpu_of_limit: z.number().nonnegative().nullable().meta({ description: 'Percent of the CPU limit; null without one.', example: 25 }),
  memory: z.number().nonnegative().meta({ description: 'MB, without the page cache.', example: 64.2 }),
  memory_limit: z.number().nonnegative().nullable().meta({ description: 'MB; null without a limit.', example: 256 }),
  memory_of_limit: z.number().nonnegative().nullable().meta({ description: 'Percent of the memory limit; null without one.', example: 25.1 }),
  network_rx: z.number().nonnegative().meta({ description: 'Bytes received.', example: 10_240 }),
  network_tx: z.number().nonnegative().meta({ description: 'Bytes sent.', example: 20_480 }),
  block_read: z.number().nonnegative().meta({ description: 'Bytes read from block devices.', example: 4096 }),
  block_write: z.number().nonnegative().meta({ description: 'Bytes written to block devices.', example: 8192 }),
  pids: z.number().int().nonnegative().meta({ description: 'Processes and threads.', example: 3 }),
});
export type StatsSample = z.infer<typeof statsSample>;

const pair = z.tuple([z.number().nonnegative(), z.number().nonnegative()]);

/** One app in one minute. */
export const minuteUsage = z.strictObject({
  app: z.string(),
  /** Average and maximum, percent of one core. */
  cpu: pair,
  /** Average and maximum, MB. */
  memory: pair,
  /** Bytes received and sent in this minute. */
  network: pair,
  /** Bytes read from and written to block devices in this minute. */
  block: pair,
});
export type MinuteUsage = z.infer<typeof minuteUsage>;
