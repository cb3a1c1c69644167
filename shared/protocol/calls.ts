/**
 * The method table of the link: what the hub may ask of an executor. Both ends are typed from it, and the executor's handler
 * map must be total over it. `version` is the protocol version that introduced the method.
 */
import { z } from 'zod';
import { appActions, appStatuses } from '../status.ts';
import { appSpec } from './spec.ts';

const id = z.string().min(1).max(64);

export const logLine = z.strictObject({
  time: z.string().meta({ description: 'RFC 3339 with nanoseconds, as the engine stamped it.', example: '2026-11-22T18:50:28.123456789Z' }),
  stream: z.enum(['stdout', 'stderr']).meta({ description: 'Where the app wrote it.', example: 'stdout' }),
  text: z.string().meta({ description: 'The line, without its newline.', example: 'listening on :80' }),
});
export type LogLine = z.infer<typeof logLine>;

export const calls = {
  /**
   * Take over a deployment: journalled before it is answered, so `accepted` survives a crash. The same id again joins the
   * running deployment, or repeats its final event from the journal. Progress and outcome come as `deployment` events.
   */
  deploy: { version: 1, params: z.strictObject({ deployment: id, spec: appSpec }), result: z.strictObject({ accepted: z.literal(true) }) },
  /** Ask a deployment to end. `cancelled` is false when it is past the switch, unknown or has ended. The final event tells the outcome. */
  cancel_deploy: { version: 1, params: z.strictObject({ deployment: id }), result: z.strictObject({ cancelled: z.boolean() }) },
  /** Start, stop, restart, pause or unpause the current container. Answers when the engine has done it. */
  act: {
    version: 1,
    params: z.strictObject({ app: id, action: z.enum(appActions) }),
    result: z.strictObject({ status: z.enum(appStatuses) }),
  },
  /** Take the app's route and containers away, and cancel what is being deployed. An unknown app is success. */
  remove_app: { version: 1, params: z.strictObject({ app: id }), result: z.strictObject({}) },
  /** The last lines of the app's container, oldest first. */
  logs: {
    version: 1,
    params: z.strictObject({ app: id, tail: z.number().int().min(1).max(5000) }),
    result: z.strictObject({ lines: z.array(logLine) }),
  },
} as const;

export type Method = keyof typeof calls;
export type Params<M extends Method> = z.infer<(typeof calls)[M]['params']>;
export type Result<M extends Method> = z.infer<(typeof calls)[M]['result']>;

export const methods = Object.keys(calls) as Method[];

export function isMethod(name: string): name is Method {
  return Object.hasOwn(calls, name);
}
