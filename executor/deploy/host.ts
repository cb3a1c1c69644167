/** What a deployment works with. */
import type { ExecutorEvent } from '../../shared/protocol/events.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../docker/engine.ts';
import type { Policy } from '../docker/policy.ts';
import type { Journal } from '../journal.ts';
import type { Locks } from '../locks.ts';
import type { Log } from '../log.ts';
import type { Proxy } from '../proxy/proxy.ts';

export interface DeployHost {
  engine: Engine;
  proxy: Proxy;
  journal: Journal;
  policy: Policy;
  clock: Clock;
  log: Log;
  /** CIDR that project networks are cut from. */
  networkPool: string;
  /** Held by project id around everything that gives out an address or ends a network. */
  projects: Locks;
  /** Held by app id from looking at a route to its change: a deployment and an action on the app may both be about to change it. */
  routing: Locks;
  emit: (event: ExecutorEvent) => void;
}
