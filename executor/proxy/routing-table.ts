/**
 * The routing table: one entry per generic HAProxy backend (`b0`, `b1` ...), each with a fixed row of server slots (`s0`, `s1` ...). An app borrows a backend,
 * a container borrows a slot, so that neither a new app nor a new replica needs a reload. Pure: every function gives a new table.
 */
import { isIPv4 } from 'node:net';
import { AppError } from '../../shared/errors.ts';
import type { Route, Target } from './proxy.ts';

export interface Slot {
  target: Target;
  /** `leaving` gets no new request, and is freed when its last one has ended. */
  state: 'ready' | 'leaving';
}

export interface Backend {
  app: string | null;
  hosts: readonly string[];
  slots: readonly (Slot | null)[];
}

export type RoutingTable = readonly Backend[];

/** 128 backends of 4 slots cost HAProxy 4 MB. Whichever runs out is doubled, which is the only reason for a reload. */
export const poolSize = { backends: 128, slots: 4 } as const;

export function emptyTable(backends: number = poolSize.backends): RoutingTable {
  return Array.from({ length: backends }, freeBackend);
}

export function backendName(index: number): string {
  return `b${index}`;
}

export function slotName(index: number): string {
  return `s${index}`;
}

/** As the runtime socket calls it. */
export function serverName(backend: number, slot: number): string {
  return `${backendName(backend)}/${slotName(slot)}`;
}

export function backendOf(table: RoutingTable, app: string): number {
  return table.findIndex((backend) => backend.app === app);
}

/** Backend names by host: the content of HAProxy's host map. */
export function hostMap(table: RoutingTable): Map<string, string> {
  return new Map(table.flatMap((backend, index) => backend.hosts.map((host) => [host, backendName(index)] as const)));
}

export function routesOf(table: RoutingTable): Route[] {
  return table.flatMap(({ app, hosts, slots }) => {
    if (app === null) return [];
    return [{ app, hosts: [...hosts], targets: slots.flatMap((slot) => (slot?.state === 'ready' ? [slot.target] : [])) }];
  });
}

/** The route's targets become ready, all others of the app leave. A target that already has a slot keeps it. @throws AppError invalid_value */
export function withRoute(table: RoutingTable, route: Route): RoutingTable {
  checkRoute(table, route);
  const roomy = backendOf(table, route.app) === -1 && !table.some(isFree) ? [...table, ...emptyTable(Math.max(table.length, 1))] : table;
  const own = backendOf(roomy, route.app);
  const index = own === -1 ? roomy.findIndex(isFree) : own;
  const slots = placeTargets(roomy[index]?.slots ?? [], route.targets);
  return roomy.with(index, { app: route.app, hosts: [...route.hosts], slots });
}

/** Free the slots of targets that have left. `ids` are those the caller saw leaving, so that a slot given out since is kept. */
export function withLeavingFreed(table: RoutingTable, app: string, ids: ReadonlySet<string>): RoutingTable {
  return table.map((backend) =>
    backend.app === app
      ? { ...backend, slots: backend.slots.map((slot) => (slot?.state === 'leaving' && ids.has(slot.target.id) ? null : slot)) }
      : backend,
  );
}

/** The backend goes back to the pool with as many slots as it had: the running proxy has them too. */
export function withoutApp(table: RoutingTable, app: string): RoutingTable {
  return table.map((backend) => (backend.app === app ? { app: null, hosts: [], slots: backend.slots.map(() => null) } : backend));
}

/** Servers that held a target and hold none in `next`. */
export function freedServers(table: RoutingTable, next: RoutingTable): string[] {
  return table.flatMap(({ slots }, b) => slots.flatMap((slot, s) => (slot !== null && next[b]?.slots[s] === null ? [serverName(b, s)] : [])));
}

/** Whether the running proxy lacks backends or slots that the other table needs. */
export function isLarger(table: RoutingTable, than: RoutingTable): boolean {
  return table.length > than.length || table.some((backend, index) => backend.slots.length > (than[index]?.slots.length ?? 0));
}

function freeBackend(): Backend {
  return { app: null, hosts: [], slots: Array.from({ length: poolSize.slots }, () => null) };
}

function isFree(backend: Backend): boolean {
  return backend.app === null;
}

function placeTargets(slots: readonly (Slot | null)[], targets: readonly Target[]): (Slot | null)[] {
  const placed: (Slot | null)[] = slots.map((slot) =>
    slot === null ? null : { target: slot.target, state: targets.some((target) => isSame(target, slot.target)) ? 'ready' : 'leaving' },
  );
  for (const target of targets) {
    if (placed.some((slot) => slot !== null && isSame(slot.target, target))) continue;
    if (!placed.includes(null)) placed.push(...placed.map(() => null));
    placed[placed.indexOf(null)] = { target: { ...target }, state: 'ready' };
  }
  return placed;
}

function isSame(a: Target, b: Target): boolean {
  return a.id === b.id && a.address === b.address && a.port === b.port;
}

const hostPattern = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const appPattern = /^[\w-]{1,64}$/;

/** What a route holds is written into the configuration and onto the runtime socket, so nothing but an allow-list gets that far (SEC-07). */
function checkRoute(table: RoutingTable, { app, hosts, targets }: Route): void {
  const refuse = (detail: string): never => {
    throw new AppError('invalid_value', { detail: `route an app: ${detail}` });
  };
  if (!appPattern.test(app)) refuse('its id is not well formed');
  for (const host of hosts) {
    if (!hostPattern.test(host)) refuse(`${JSON.stringify(host)} is not a host name in lower case`);
    const holder = table.find((backend) => backend.app !== app && backend.hosts.includes(host));
    if (holder) refuse(`the host ${host} already belongs to ${holder.app}`);
  }
  for (const { address, port } of targets) {
    if (!isIPv4(address)) refuse(`${JSON.stringify(address)} is not an IPv4 address`);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse(`${port} is not a port`);
  }
}
