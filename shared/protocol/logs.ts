/** Log lines, and the one way to ask for them: a call for the last ones and a stream for those to come take the same filter. */
import { z } from 'zod';

export const logStreams = ['stdout', 'stderr'] as const;

export const logLine = z.strictObject({
  time: z.string().meta({ description: 'RFC 3339 with nanoseconds, as the engine stamped it.', example: '2026-11-22T18:50:28.123456789Z' }),
  stream: z.enum(logStreams).meta({ description: 'Where the app wrote it.', example: 'stdout' }),
  text: z.string().meta({ description: 'The line, without its newline.', example: 'listening on :80' }),
});
export type LogLine = z.infer<typeof logLine>;

/** Opaque to everyone but the executor. Resuming after it gives every later line once and none twice (REL-18). */
const cursor = z.string().min(1).max(500);

/** A line of an app, which may have several containers one after the other. */
export const logEntry = logLine.extend({
  cursor: cursor.meta({ description: 'Pass it as `since` to go on after this line.', example: 'c1.06f9k2m3n4p5q6r7s8t9v0.1795373428123456789' }),
  deployment: z.string().meta({ description: 'The deployment whose container wrote it.', example: 'dep_1k3m8v0qz9x4c7b2n5h6t0' }),
});
export type LogEntry = z.infer<typeof logEntry>;

/** What a stream holds besides lines: so many were left out here, because the reader was slower than the app (REL-17). */
export const logGap = z.strictObject({ dropped: z.number().int().positive() });

/** All conditions hold together; null is no condition. */
export const logFilter = z.strictObject({
  /** Lines after this one. */
  after: cursor.nullable(),
  /** Milliseconds since the epoch: lines from then on, and before then. */
  since: z.number().int().nonnegative().nullable(),
  until: z.number().int().nonnegative().nullable(),
  stream: z.enum(logStreams).nullable(),
  /** Text that a line contains, upper and lower case alike. */
  search: z.string().min(1).max(200).nullable(),
  /** Of this deployment's container alone; null: of all containers the app has had, as one log. */
  deployment: z.string().min(1).max(64).nullable(),
});
export type LogFilter = z.infer<typeof logFilter>;
