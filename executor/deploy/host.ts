/** What a deployment works with. */
import type { ExecutorEvent } from '../../shared/protocol/events.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../docker/engine.ts';
import type { Policy } from '../docker/policy.ts';
import type { Journal } from '../journal.ts';
import type { Locks } from '../locks.ts';
import type { Log } from '../log.ts';
import type { AppLogs } from '../logs/app-logs.ts';
import type { Proxy } from '../proxy/proxy.ts';

export interface DeployHost {
  engine: Engine;
  proxy: Proxy;
  journal: Journal;
  policy: Policy;
  clock: Clock;
  log: Log;
  logs: AppLogs;
  /** Seconds a deployment may take to pull its image. */
  pullTimeout: number;
  /** CIDR that project networks are cut from. */
  networkPool: string;
  /** Held by project id around everything that gives out an address or ends a network. */
  projects: Locks;
  /** Held by app id from looking at a route to its change: a deployment and an action on the app may both be about to change it. */
  routing: Locks;
  /** Held by app id from a look at its containers and volumes to what is made, started or removed because of it: two containers must not meet on a volume. */
  containers: Locks;
  /** Names of the containers that are reaching into a volume right now. */
  helpers: Set<string>;
  emit: (event: ExecutorEvent) => void;
}
