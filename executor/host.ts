/** The parts of this host that deployments work with, opened from what is on disk. */
import { join } from 'node:path';
import type { ExecutorEvent } from '../shared/protocol/events.ts';
import { createClock } from './clock.ts';
import type { Config } from './config.ts';
import type { DeployHost } from './deploy/host.ts';
import { createEngine } from './docker/engine.ts';
import { loadPolicy } from './docker/policy.ts';
import { openPulledImages } from './images/pulled-images.ts';
import { Journal } from './journal.ts';
import { createLocks } from './locks.ts';
import type { Log } from './log.ts';
import { AppLogs } from './logs/app-logs.ts';
import { LogArchive } from './logs/archive.ts';
import { createProxy } from './proxy/create-proxy.ts';

export interface HostOptions {
  config: Config;
  serverId: string;
  log: Log;
  emit: (event: ExecutorEvent) => void;
}

export async function openHost({ config, serverId, log, emit }: HostOptions): Promise<DeployHost> {
  const engine = createEngine({ socketPath: config.dockerSocket, serverId, dir: config.dir });
  const proxy = await createProxy({
    dir: join(config.dir, 'proxy'),
    serverId,
    docker: engine.patient,
    httpPort: config.httpPort,
    tls: config.tls === null ? null : { port: config.tls.httpsPort, internal: config.tls.isInternal },
    supervisor: config.proxySupervisor,
    log,
  });
  return {
    engine,
    proxy,
    journal: await Journal.open(join(config.dir, 'journal'), log),
    policy: await loadPolicy(config.dir),
    clock: createClock(),
    log,
    logs: new AppLogs(engine, new LogArchive({ engine, dir: join(config.dir, 'logs'), retentionDays: config.logRetentionDays, log })),
    pulled: openPulledImages(join(config.dir, 'pulled-images.json')),
    dir: config.dir,
    deadlines: { pull: config.pullTimeout, health: config.healthTimeout },
    networkPool: config.networkPool,
    projects: createLocks(),
    routing: createLocks(),
    containers: createLocks(),
    helpers: new Set(),
    emit,
  };
}
