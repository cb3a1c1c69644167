/** What the control plane tells an executor about an app: everything a deploy needs, nothing about users or the database. */
import { z } from 'zod';
import { slugMaxLength, slugPattern, volumePattern } from '../names.ts';

/** No `.`, `..` or empty parts, and not the root itself. */
export const mountPathPattern = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+){1,16}$/;

const entityId = z.string().regex(/^[a-z]{3}_[0-9a-z]{22}$/);

/**
 * How the executor decides that a container serves. `tcp`: the internal port accepts a connection. `http`: GET answers 200 to 399.
 * `command`: run in the container, exit code 0. `started`: for apps without a port, the container is still running after a second.
 */
export const healthCheckSpec = z.strictObject({
  kind: z.enum(['started', 'tcp', 'http', 'command']),
  path: z.string().startsWith('/').max(1024).optional(),
  command: z.array(z.string().max(4096)).min(1).max(64).optional(),
  /** Seconds between two probes once healthy. While a container starts, probes come much faster. */
  interval: z.number().int().min(1).max(3600),
  /** Seconds one probe may take. */
  timeout: z.number().int().min(1).max(300),
  /** Seconds a new container has to become healthy. */
  grace: z.number().int().min(1).max(3600),
});
export type HealthCheckSpec = z.infer<typeof healthCheckSpec>;

export const restartPolicySpec = z.strictObject({
  name: z.enum(['no', 'always', 'on-failure', 'unless-stopped']),
  maximum_retries: z.number().int().min(0).max(1000),
});

/** `start-first`: the new container serves before the old one ends. `stop-first`: never both, because they would write to one volume, or listen on one port of the host (REL-13). */
export const deployStrategies = ['start-first', 'stop-first'] as const;
export type DeployStrategy = (typeof deployStrategies)[number];

export const volumeMount = z.strictObject({
  name: z.string().regex(volumePattern),
  /** Absolute, in the container. */
  mount_path: z.string().regex(mountPathPattern),
});
export type VolumeMount = z.infer<typeof volumeMount>;

/** A port of the container under a port of the host, on all its addresses, past the proxy. */
export const publishedPort = z.strictObject({
  host_port: z.number().int().min(1).max(65535),
  container_port: z.number().int().min(1).max(65535),
  protocol: z.enum(['tcp', 'udp']),
});
export type PublishedPort = z.infer<typeof publishedPort>;

export const appSpec = z.strictObject({
  app: entityId,
  project: entityId,
  slug: z.string().max(slugMaxLength).regex(slugPattern),
  /** Host names that lead here, lower case, without port. */
  hosts: z.array(z.string().regex(/^[a-z0-9.-]{1,253}$/)).max(32),
  image: z.string().min(1).max(512),
  pull_policy: z.enum(['missing', 'always', 'never']),
  command: z.array(z.string().max(4096)).max(256).nullable(),
  env: z.record(z.string(), z.string()),
  // Journals of executors of version 1 hold specs without these two.
  volumes: z.array(volumeMount).max(20).default([]),
  strategy: z.enum(deployStrategies).default('start-first'),
  /** Left out where there are none: the executors of the releases before do not know it. */
  published_ports: z.array(publishedPort).max(50).optional(),
  /** The port the app listens on inside its container; null for a worker, which gets no route. */
  internal_port: z.number().int().min(1).max(65535).nullable(),
  /** Cores, fractions allowed; null: no limit. */
  cpu_limit: z.number().positive().nullable(),
  /** MB (1024 * 1024 bytes); null: no limit. */
  memory_limit: z.number().int().positive().nullable(),
  restart_policy: restartPolicySpec,
  health_check: healthCheckSpec,
  /** Seconds that requests in flight, and WebSockets, get to end before the old container is stopped. */
  drain_timeout: z.number().int().min(0).max(3600),
  /** Seconds between SIGTERM and SIGKILL. */
  stop_timeout: z.number().int().min(0).max(3600),
});
export type AppSpec = z.infer<typeof appSpec>;
