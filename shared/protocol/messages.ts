/**
 * The control messages of the link, one JSON document per WebSocket text message. docs/protocol.md is the page about them;
 * `vectors.ts` holds the golden examples that both ends are tested with. What is not known or malformed is dropped, never fatal.
 */
import { z } from 'zod';
import { errorCodes } from '../errors.ts';
import { executorEvent } from './events.ts';
import { limits } from './limits.ts';

/** The version this build speaks. A peer answers hello with the lower of the two. */
export const protocolVersion = 3;

/**
 * The executor's sign of life and the hub's, from version 3 on: whole messages, compared as they are and never parsed. At the edge the runtime answers the
 * first with the second by itself, for every socket of the object: also for those of clients, who type nothing like it.
 */
export const pingText = '{"type":"ping","from":"executor"}';
export const pongText = '{"type":"pong","from":"hub"}';

const id = z.string().min(1).max(64);

export const engineInfo = z.strictObject({
  /** Server version, `20.10.24`. */
  version: z.string(),
  /** Negotiated API version, `1.41`. */
  api_version: z.string(),
  os: z.string(),
  arch: z.string(),
  cpus: z.number(),
  /** Bytes. */
  memory: z.number(),
});
export type EngineInfo = z.infer<typeof engineInfo>;

/** How apps on this host are reached from outside. */
export const ingress = z.strictObject({ scheme: z.enum(['http', 'https']), port: z.number().int().min(1).max(65535) });
export type Ingress = z.infer<typeof ingress>;

/** Read before it is known what the other end speaks: what a later version adds is overlooked, here and in the welcome. An end of version 2 refuses it. */
export const hello = z.object({
  type: z.literal('hello'),
  protocol: z.number().int().min(1),
  /** Release of the executor, semver. */
  version: z.string().max(64),
  /** Methods of the call table this executor answers, and the kinds of streams it has, as `stream:logs`. */
  capabilities: z.array(z.string()).max(200),
  /** Null when the engine does not answer. */
  engine: engineInfo.nullable(),
  ingress,
  /** Deployments the executor is working on, so that the control plane need not send them again. */
  deployments: z.array(id).max(1000),
});
export type Hello = z.infer<typeof hello>;

export const welcome = z.object({
  type: z.literal('welcome'),
  protocol: z.number().int().min(1),
  server: id,
  /** Grows with every accepted connection of the same server: the newest wins. */
  epoch: z.number().int(),
  /** Seconds between two reports. */
  report_interval: z.number().int().min(1),
});

export const call = z.strictObject({ type: z.literal('call'), id, method: z.string().max(64), params: z.unknown() });
export const ok = z.strictObject({ type: z.literal('ok'), id, result: z.unknown() });
export const err = z.strictObject({
  type: z.literal('err'),
  id,
  code: z.enum(errorCodes),
  message: z.string().max(2000),
  /** Protocol version that knows the method, with `unsupported_command`. */
  minimum: z.number().int().optional(),
});
/** A running call is alive: sent every 4 s until it is answered. */
export const pulse = z.strictObject({ type: z.literal('pulse'), id });
/** The caller no longer waits. The call is still answered. */
export const cancel = z.strictObject({ type: z.literal('cancel'), id });
/** `seq` counts the events of one connection, from version 3 on without a gap; `ack` names the highest one taken in, in order. */
export const event = z.strictObject({ type: z.literal('event'), seq: z.number().int().positive(), event: executorEvent });
export const ack = z.strictObject({ type: z.literal('ack'), seq: z.number().int().positive() });

/** Streams are numbered by the hub, at random, so that one that slept does not use a number twice. */
const stream = z.number().int().min(0).max(0xffff_ffff);

/** Open a stream (`streams.ts`). `credit` is how many bytes the executor may send at first. */
export const open = z.strictObject({ type: z.literal('open'), stream, kind: z.string().max(64), params: z.unknown(), credit: z.number().int().positive() });
/** The stream is there; `credit` is how many bytes the hub may send at first. A stream that cannot be opened is closed instead. */
export const opened = z.strictObject({ type: z.literal('opened'), stream, credit: z.number().int().nonnegative() });
/** The terminal of an exec stream has another size. */
export const resize = z.strictObject({ type: z.literal('resize'), stream, cols: z.number().int().min(1).max(1000), rows: z.number().int().min(1).max(1000) });
/** From the hub: the reader is gone. */
export const closeByHub = z.strictObject({ type: z.literal('close'), stream });
/** From the executor: the stream is over and all its data sent. Without `code` it ended as it should. */
export const closeByExecutor = z.strictObject({
  type: z.literal('close'),
  stream,
  code: z.enum(errorCodes).optional(),
  message: z.string().max(2000).optional(),
  /** Of the command of an exec stream. */
  exit_code: z.number().int().optional(),
});
export type StreamEnd = Omit<z.infer<typeof closeByExecutor>, 'type' | 'stream'>;

/** What an executor sends. */
export const executorMessage = z.discriminatedUnion('type', [hello, ok, err, pulse, event, opened, closeByExecutor]);
export type ExecutorMessage = z.infer<typeof executorMessage>;

/** What the hub sends. */
export const hubMessage = z.discriminatedUnion('type', [welcome, call, cancel, ack, open, resize, closeByHub]);
export type HubMessage = z.infer<typeof hubMessage>;

/** `seq`: of an event that is none of the protocol. It has come all the same, and coming again would not make it one. */
type Parsed<T> = { ok: true; message: T } | { ok: false; reason: string; seq?: number | undefined };

export function parseExecutorMessage(text: string): Parsed<ExecutorMessage> {
  return parse(executorMessage, text);
}

export function parseHubMessage(text: string): Parsed<HubMessage> {
  return parse(hubMessage, text);
}

const numbered = z.object({ type: z.literal('event'), seq: z.number().int().positive() });

/** Half of a surrogate pair is what is left of a character where a text was cut: no text at the other end could be it. */
function readJson(text: string): unknown {
  return /\\ud[89a-f]/i.test(text) ? JSON.parse(text, (_name, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value)) : JSON.parse(text);
}

/** Never throws: one bad message must not close the socket (REL-05). */
function parse<T>(schema: z.ZodType<T>, text: string): Parsed<T> {
  if (text.length > limits.messageLength) return { ok: false, reason: `message of ${text.length} characters` };
  let json: unknown;
  try {
    json = readJson(text);
  } catch {
    return { ok: false, reason: 'not JSON' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, message: parsed.data };
  const issue = parsed.error.issues[0];
  return { ok: false, reason: `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'invalid'}`, seq: numbered.safeParse(json).data?.seq };
}
