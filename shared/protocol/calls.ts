/**
 * The method table of the link: what the hub may ask of an executor. Both ends are typed from it, and the executor's handler
 * map must be total over it. `version` is the protocol version that an executor must speak for the method as it is here: a method that
 * gains a required field gets the version that brings it. The hub sends an older executor nothing that it would misread (REL-22).
 */
import { z } from 'zod';
import { volumePattern } from '../names.ts';
import { appActions, appStatuses } from '../status.ts';
import { logEntry, logFilter } from './logs.ts';
import { appSpec } from './spec.ts';
import { statsSample } from './usage.ts';

const id = z.string().min(1).max(64);
const volumeName = z.string().regex(volumePattern);

export const calls = {
  /**
   * Take over a deployment: journalled before it is answered, so `accepted` survives a crash. The same id again joins the
   * running deployment, or repeats its final event from the journal. Progress and outcome come as `deployment` events.
   */
  deploy: { version: 2, params: z.strictObject({ deployment: id, spec: appSpec }), result: z.strictObject({ accepted: z.literal(true) }) },
  /**
   * Ask a deployment to end; the final event tells the outcome. `cancelled` is false when it is unknown, and then it is not taken over any more, should it come late.
   * Executors of version 2 answered the same for one past the switch. @throws deployment_finished past the switch, and when it has ended
   */
  cancel_deploy: { version: 1, params: z.strictObject({ deployment: id }), result: z.strictObject({ cancelled: z.boolean() }) },
  /** Start, stop, restart, pause or unpause the current container. Answers when the engine has done it. */
  act: {
    version: 1,
    params: z.strictObject({ app: id, action: z.enum(appActions) }),
    result: z.strictObject({ status: z.enum(appStatuses) }),
  },
  /** Take the app's route and containers away, and cancel what is being deployed; then the volumes that are named. An unknown app or volume is success. */
  remove_app: { version: 2, params: z.strictObject({ app: id, volumes: z.array(volumeName).max(100) }), result: z.strictObject({}) },
  /** The last lines of the app that match, oldest first: from its containers, and from what was kept of those that are gone. */
  logs: {
    version: 2,
    params: z.strictObject({ app: id, tail: z.number().int().min(1).max(5000), filter: logFilter }),
    result: z.strictObject({ lines: z.array(logEntry) }),
  },
  /** Run a command in the app's container, without a terminal, until it ends or `timeout` seconds have passed; then it is killed. */
  exec: {
    version: 2,
    params: z.strictObject({
      app: id,
      cmd: z.array(z.string().max(65_536)).min(1).max(256),
      stdin: z.string().max(1024 * 1024).nullable(),
      timeout: z.number().int().min(1).max(3600),
    }),
    /** `exit_code` is null when its time was up. Bytes that are not UTF-8 become U+FFFD. `truncated`: one of the two was longer than `limits.execOutput`, its end is kept. */
    result: z.strictObject({ exit_code: z.number().int().nullable(), stdout: z.string(), stderr: z.string(), truncated: z.boolean() }),
  },
  /** What the app's container uses now. @throws app_not_running */
  stats: { version: 2, params: z.strictObject({ app: id }), result: statsSample },
  /**
   * Change the limits of the running container in place; null keeps what is set. The engine cannot
   * take a limit away live, so nobody asks for it here. @throws limit_below_usage, limit_out_of_range, app_not_deployed
   */
  update_limits: {
    version: 2,
    params: z.strictObject({ app: id, cpu_limit: z.number().positive().nullable(), memory_limit: z.number().int().positive().nullable() }),
    result: z.strictObject({}),
  },
  /**
   * Load an image from an archive of `docker save` and tag it `image`, whatever the archive says. The bytes come by dial-back
   * (`transfer`) or were uploaded in pieces before (`upload`); exactly one of the two is set. `pick` chooses among several images.
   */
  load_image: {
    version: 2,
    params: z.strictObject({ app: id, image: z.string().min(1).max(512), pick: z.string().max(512).nullable(), transfer: id.nullable(), upload: id.nullable() }),
    result: z.strictObject({ image_id: z.string(), size: z.number().int().nonnegative() }),
  },
  /** One request of the resumable upload protocol (tus 1.0), answered by the executor, where the pieces are kept. `transfer` brings the body of a PATCH. */
  upload: {
    version: 2,
    params: z.strictObject({
      app: id,
      method: z.enum(['POST', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS']),
      upload: id.nullable(),
      headers: z.record(z.string(), z.string().max(4096)),
      transfer: id.nullable(),
    }),
    result: z.strictObject({ status: z.number().int().min(100).max(599), headers: z.record(z.string(), z.string()), body: z.string().max(4096) }),
  },
  /** The volumes of the app on this host, whether or not its settings still name them. `size` is in bytes, null where the engine cannot tell. */
  volumes: {
    version: 2,
    params: z.strictObject({ app: id }),
    result: z.strictObject({ volumes: z.array(z.strictObject({ name: volumeName, size: z.number().int().nonnegative().nullable(), is_mounted: z.boolean() })) }),
  },
  /** Delete a volume and what is in it; an unknown one is success. @throws volume_in_use */
  remove_volume: { version: 2, params: z.strictObject({ app: id, volume: volumeName }), result: z.strictObject({}) },
  /** Send the content of a volume as a tar, by dial-back. Answered when it is sent. @throws volume_not_found */
  read_volume: { version: 2, params: z.strictObject({ app: id, volume: volumeName, transfer: id }), result: z.strictObject({}) },
  /** Fetch a tar by dial-back and unpack it into a volume, which is made if it is not there. @throws archive_invalid */
  write_volume: { version: 2, params: z.strictObject({ app: id, volume: volumeName, transfer: id }), result: z.strictObject({}) },
} as const;

export type Method = keyof typeof calls;
export type Params<M extends Method> = z.infer<(typeof calls)[M]['params']>;
export type Result<M extends Method> = z.infer<(typeof calls)[M]['result']>;

export const methods = Object.keys(calls) as Method[];

export function isMethod(name: string): name is Method {
  return Object.hasOwn(calls, name);
}
