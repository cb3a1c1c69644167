/** What an executor tells by itself. Data only: the control plane decides what it means. */
import { z } from 'zod';
import { errorCodes } from '../errors.ts';
import { appStatuses, deploymentPhases, deploymentStatuses, diskLevels } from '../status.ts';
import { logLine } from './logs.ts';
import { minuteUsage } from './usage.ts';

/** Milliseconds since the epoch by the executor's clock, never going backwards within one executor: orders facts about one app (REL-21). */
const observedAt = z.number().int().nonnegative();

/** Why a deployment failed (REL-14). */
export const deploymentFailure = z.strictObject({
  code: z.enum(errorCodes).meta({ description: 'What programs should look at.', example: 'health_check_failed' }),
  message: z.string().max(2000).meta({ description: 'The same for people.', example: 'GET / answered 503 for 60 s' }),
  phase: z.enum(deploymentPhases).meta({ description: 'How far it had come.', example: 'health' }),
  exit_code: z.number().int().nullable().meta({ description: 'Of the container, if it exited.', example: 137 }),
  oom_killed: z.boolean().meta({ description: 'Whether the container ran out of memory.', example: true }),
  last_probe: z.string().max(1000).nullable().meta({ description: 'The last answer of the health check: status and the first 256 bytes of the body, or the error of the connection.', example: '503 warming up' }),
  logs: z.array(logLine).max(50).meta({ description: 'The last 50 lines of the failed container.' }),
});
export type DeploymentFailure = z.infer<typeof deploymentFailure>;

export const deploymentEvent = z.strictObject({
  kind: z.literal('deployment'),
  deployment: z.string(),
  app: z.string(),
  status: z.enum(deploymentStatuses),
  phase: z.enum(deploymentPhases),
  at: observedAt,
  /** Digest or id of the image that runs, once known. */
  image_id: z.string().nullable(),
  failure: deploymentFailure.nullable(),
});
export type DeploymentEvent = z.infer<typeof deploymentEvent>;

/** A transition: sent within 2 s of the engine's own event. */
export const statusEvent = z.strictObject({
  kind: z.literal('status'),
  app: z.string(),
  status: z.enum(appStatuses),
  /** What made it so: `exit code 137, out of memory`, `health check failed: 503`. */
  reason: z.string().max(500).nullable(),
  at: observedAt,
});
export type StatusEvent = z.infer<typeof statusEvent>;

export const appReport = z.strictObject({
  app: z.string(),
  status: z.enum(appStatuses),
  /** Percent of one core. */
  cpu: z.number().nonnegative(),
  /** MB. */
  memory: z.number().nonnegative(),
});
export type AppReport = z.infer<typeof appReport>;

/** The full picture, right after hello and every 30 s: repairs whatever a lost transition left behind. */
export const reportEvent = z.strictObject({
  kind: z.literal('report'),
  at: observedAt,
  engine: z.enum(['reachable', 'unreachable']),
  /** Why the engine does not answer. From version 3 on. */
  reason: z.string().max(500).optional(),
  /** Every app with a container on this host. An app that is missing here has none. */
  apps: z.array(appReport),
});
export type ReportEvent = z.infer<typeof reportEvent>;

/** What the apps of this host have used in one minute: kept by the control plane for 7 days. */
export const usageEvent = z.strictObject({
  kind: z.literal('usage'),
  /** Minutes since the epoch. Told once it is over; the same minute again replaces what was told. */
  minute: z.number().int().nonnegative(),
  apps: z.array(minuteUsage),
});
export type UsageEvent = z.infer<typeof usageEvent>;

/** The kernel killed a process of the app's container for want of memory; the container itself may live on. At most once a minute and container. */
export const oomEvent = z.strictObject({ kind: z.literal('oom'), app: z.string(), deployment: z.string(), at: observedAt });
export type OomEvent = z.infer<typeof oomEvent>;

/** A disk of the host, with what can be used of it, as `df` tells it. */
export const diskState = z.strictObject({
  /** A folder on it: the engine's, or the executor's own. */
  path: z.string().max(4096),
  /** Bytes. */
  total: z.number().nonnegative(),
  free: z.number().nonnegative(),
  level: z.enum(diskLevels),
});
export type DiskState = z.infer<typeof diskState>;

/** The disks that the engine and the executor keep their things on (REL-15). Told on every connection, and when a level or a hundredth of a disk has changed. */
export const diskEvent = z.strictObject({ kind: z.literal('disk'), at: observedAt, disks: z.array(diskState).max(8) });
export type DiskEvent = z.infer<typeof diskEvent>;

export const executorEvent = z.discriminatedUnion('kind', [deploymentEvent, statusEvent, reportEvent, usageEvent, oomEvent, diskEvent]);
export type ExecutorEvent = z.infer<typeof executorEvent>;
