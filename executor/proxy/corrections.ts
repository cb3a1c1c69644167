/** What to tell the runtime socket so that the running proxy does what the routing table says. Pure; the same function switches an app, repairs drift and confirms. */
import { hostMap, type RoutingTable, serverName, type Slot } from './routing-table.ts';
import { proxyFiles } from './haproxy-config.ts';

export interface RunningServer {
  address: string;
  port: number;
  mode: 'ready' | 'drain' | 'maint';
}

/** What HAProxy says about itself. */
export interface RunningState {
  /** Backend names by host. */
  hosts: ReadonlyMap<string, string>;
  /** By `backend/slot`. */
  servers: ReadonlyMap<string, RunningServer>;
}

/** Commands for what differs: none means that the proxy has arrived. Backends that `running` does not show are left alone. */
export function corrections(table: RoutingTable, running: RunningState): string[] {
  const steps = table.flatMap((backend, b) =>
    backend.slots.map((slot, s) => {
      const name = serverName(b, s);
      const server = running.servers.get(name);
      return server ? slotCommands(name, slot, server) : noCommands;
    }),
  );
  const hosts = hostCommands(table, running.hosts);
  // New before old: for a moment both take requests. The other order answers 503 in between.
  return [...steps.flatMap((step) => step.open), ...hosts.open, ...hosts.close, ...steps.flatMap((step) => step.close)];
}

/** The same for hosts and servers of a part: what one app's switch has to look at. */
export function partOf(table: RoutingTable, index: number): RoutingTable {
  return table.map((backend, i) => (i === index ? backend : { app: null, hosts: [], slots: [] }));
}

interface Commands {
  /** What lets requests in. */
  open: string[];
  /** What keeps requests out. */
  close: string[];
}

const noCommands: Commands = { open: [], close: [] };

function slotCommands(name: string, slot: Slot | null, server: RunningServer): Commands {
  if (slot?.state === 'ready') return { open: readyCommands(name, slot, server), close: [] };
  // A leaving slot is `disabled` once HAProxy has been restarted: nothing is left to wait for.
  if (server.mode === 'maint') return noCommands;
  if (slot === null) return { open: [], close: [`shutdown sessions server ${name}`, `set server ${name} state maint`] };
  return { open: [], close: server.mode === 'ready' ? [`set server ${name} state drain`] : [] };
}

function readyCommands(name: string, { target }: Slot, server: RunningServer): string[] {
  const isAt = server.address === target.address && server.port === target.port;
  return [
    ...(isAt ? [] : [`set server ${name} addr ${target.address} port ${target.port}`]),
    ...(server.mode === 'ready' ? [] : [`set server ${name} state ready`]),
  ];
}

function hostCommands(table: RoutingTable, running: ReadonlyMap<string, string>): Commands {
  const wanted = hostMap(table);
  const open = [...wanted].flatMap(([host, backend]) => {
    const current = running.get(host);
    if (current === backend) return [];
    return [`${current === undefined ? 'add' : 'set'} map ${proxyFiles.hosts} ${host} ${backend}`];
  });
  const close = [...running.keys()].filter((host) => !wanted.has(host)).map((host) => `del map ${proxyFiles.hosts} ${host}`);
  return { open, close };
}
