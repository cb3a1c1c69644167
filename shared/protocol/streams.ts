/**
 * The kinds of streams the hub may open: frames under credit in both directions, until one side closes. `output` is what the
 * executor's data frames hold, `input` the hub's. `version` is the protocol version that introduced the kind.
 */
import { z } from 'zod';
import { logFilter } from './logs.ts';

const id = z.string().min(1).max(64);
const size = z.number().int().min(1).max(1000);

export const streamKinds = {
  /** Output: whole lines of JSON, each a `logEntry` or a `logGap`. First the last `tail` that match (all, when null), then those to come. */
  logs: { version: 2, params: z.strictObject({ app: id, filter: logFilter, tail: z.number().int().min(0).max(5000).nullable() }) },
  /** Output: one line of JSON a second, a `statsSample`. A reader that is slow gets the newest. */
  stats: { version: 2, params: z.strictObject({ app: id }) },
  /** A command on a terminal in the app's container. Output and input: the terminal's bytes. Ends with `exit_code`. */
  exec: {
    version: 2,
    params: z.strictObject({
      app: id,
      cmd: z.array(z.string().min(1).max(4096)).min(1).max(64),
      cols: size,
      rows: size,
      /** Seconds without a byte in either direction after which the command is ended. */
      idle_timeout: z.number().int().min(1).max(86_400),
    }),
  },
} as const;

export type StreamKind = keyof typeof streamKinds;
export type StreamParams<K extends StreamKind> = z.infer<(typeof streamKinds)[K]['params']>;

export function isStreamKind(name: string): name is StreamKind {
  return Object.hasOwn(streamKinds, name);
}
