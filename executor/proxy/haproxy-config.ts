/**
 * HAProxy's configuration, from the routing table. Pure. The file always holds the exact current state, though the running process gets there through its runtime
 * socket: whenever HAProxy starts again it is right by itself (REL-10, docs/decisions/haproxy-state.md). All paths are relative to its working directory.
 */
import { createHash } from 'node:crypto';
import { errorPages } from './error-pages.ts';
import { type Backend, backendName, hostMap, type RoutingTable, type Slot, slotName } from './routing-table.ts';

export interface HaproxySettings {
  httpPort: number;
  /** Listen on IPv6 as well. Off where the kernel has none: the bind would fail. */
  ipv6: boolean;
  /** User and group ids that may use the sockets. HAProxy itself drops to nobody. */
  socketOwner: { uid: number; gid: number };
  tls: TlsSettings | null;
}

export interface TlsSettings {
  port: number;
  /** Certificates of Caddy's own CA for a base domain that is not public. Plain HTTP then stays; otherwise it is redirected. */
  internal: boolean;
}

/** Names inside the proxy's directory. */
export const proxyFiles = {
  config: 'haproxy.cfg',
  hosts: 'hosts.map',
  routes: 'routes.json',
  adminSocket: 'admin.sock',
  masterSocket: 'master.sock',
  tlsSocket: 'tls.sock',
} as const;

/** How long a client's connection may be idle between two requests. */
export const keepAliveSeconds = 60;

/** Bind options of every socket: only the executor's user gets in. */
export function socketAccess({ uid, gid }: HaproxySettings['socketOwner']): string[] {
  return ['mode', '600', 'uid', `${uid}`, 'gid', `${gid}`];
}

export function haproxyConfig(settings: HaproxySettings, table: RoutingTable): string {
  return render(settings, table, `dockup-${fingerprint(settings, table)}`);
}

/** Identifies everything that cannot change at runtime: settings and pool, not routes. The running process tells its own as `description`. */
export function fingerprint(settings: HaproxySettings, table: RoutingTable): string {
  const pool = table.map((backend): Backend => ({ app: null, hosts: [], slots: backend.slots.map(() => null) }));
  const pages = [...errorPages.values()].map((page) => page.message);
  return createHash('sha256').update(JSON.stringify([render(settings, pool, ''), pages])).digest('hex').slice(0, 16);
}

export function hostMapFile(table: RoutingTable): string {
  return [...hostMap(table)].map(([host, backend]) => `${host} ${backend}\n`).join('');
}

function render(settings: HaproxySettings, table: RoutingTable, description: string): string {
  const sections = [
    globalSection(settings, description),
    defaultsSection(),
    publicFrontend(settings),
    ...(settings.tls ? [tlsFrontend(settings, settings.tls)] : []),
    section('backend unknown', ['http-request deny deny_status 404']),
    ...table.map((backend, index) => section(`backend ${backendName(index)}`, backend.slots.map(serverLine))),
  ];
  return sections.join('\n');
}

function globalSection({ socketOwner }: HaproxySettings, description: string): string {
  return section('global', [
    `description ${description}`,
    'maxconn 8000',
    // Otherwise a second HAProxy on the same port starts without an error and takes half of the connections.
    'noreuseport',
    // The worker runs as nobody; the master stays root, to bind ports again on a reload.
    'uid 65534',
    'gid 65534',
    // The longest that WebSockets of a worker that was replaced (the pool grew) may keep it alive.
    'hard-stop-after 1h',
    `stats socket unix@${proxyFiles.adminSocket} ${socketAccess(socketOwner).join(' ')} level admin expose-fd listeners`,
    'stats timeout 1m',
    'log stdout format raw daemon notice',
  ]);
}

function defaultsSection(): string {
  return section('defaults', [
    'mode http',
    // The containers are on this machine: one that does not answer at once is not there.
    'timeout connect 1s',
    'timeout http-request 30s',
    `timeout http-keep-alive ${keepAliveSeconds}s`,
    // Silence that a long poll or an event stream may have; a WebSocket may have a day.
    'timeout client 10m',
    'timeout server 10m',
    'timeout tunnel 24h',
    'timeout client-fin 30s',
    'retries 2',
    'option redispatch 1',
    'retry-on conn-failure empty-response',
    // Small chunks of an event stream go out at once.
    'option http-no-delay',
    'option http-ignore-probes',
    // A worker that is replaced answers one more request on each idle connection instead of cutting it under the client's hands.
    'option idle-close-on-response',
    // Give idle connections back before a server closes them (Node does after 5 s): a request that cannot be repeated must not meet a closing one.
    'default-server pool-purge-delay 2s',
    ...[...errorPages].map(([status, page]) => `errorfile ${status} ${page.file}`),
  ]);
}

function publicFrontend({ httpPort, ipv6, tls }: HaproxySettings): string {
  return section('frontend public', [
    `bind :${httpPort}`,
    ...(ipv6 ? [`bind :::${httpPort} v6only`] : []),
    ...hostLines,
    ...(tls ? askLines : []),
    ...(tls && !tls.internal ? [redirectLine(tls.port)] : []),
    // Overwritten, not appended: whoever connects here is the client, and says nothing about itself that an app may believe.
    'http-request set-header X-Forwarded-For %[src]',
    'http-request set-header X-Forwarded-Proto http',
    'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    'http-request set-header X-Forwarded-Port %[dst_port]',
    'http-request set-header X-Real-IP %[src]',
    'http-request del-header Forwarded',
    ...routeLines,
  ]);
}

/** Only Caddy reaches this socket, and it has set X-Forwarded-For, -Proto and -Host itself. */
function tlsFrontend({ socketOwner }: HaproxySettings, tls: TlsSettings): string {
  return section('frontend tls', [
    `bind unix@${proxyFiles.tlsSocket} ${socketAccess(socketOwner).join(' ')}`,
    ...hostLines,
    `http-request set-header X-Forwarded-Port ${tls.port}`,
    'http-request set-header X-Real-IP %[req.hdr(x-forwarded-for)]',
    'http-request del-header Forwarded',
    ...routeLines,
  ]);
}

const hostLines = ['http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)'];

/** Where Caddy asks whether a host may have a certificate, with the host as `?domain=`. Answered from the map that routes, so it is as available as routing. */
export const askPath = '/.dockup/ask';

// Without a match the request goes on, finds no app called 127.0.0.1, and ends as 404, which is the refusal.
const askLines = [
  `http-request return status 200 if { src 127.0.0.1 } { var(txn.host) -m str 127.0.0.1 } { path ${askPath} } { url_param(domain),lower,map(${proxyFiles.hosts}) -m found }`,
];

const routeLines = [
  // `retry-on empty-response` sends a request again that the app may have seen: only what may be repeated (conn-failure applies to all).
  'http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
  `use_backend %[var(txn.host),map(${proxyFiles.hosts})]`,
  'default_backend unknown',
];

/** 308 keeps the method. A host that is not known would get no certificate, so it keeps its 404. */
function redirectLine(port: number): string {
  const authority = port === 443 ? '%[var(txn.host)]' : `%[var(txn.host)]:${port}`;
  return `http-request redirect code 308 location https://${authority}%[capture.req.uri] if { var(txn.host),map(${proxyFiles.hosts}) -m found }`;
}

/** A free slot still needs an address: one of TEST-NET-1 (RFC 5737), which is never reached. */
function serverLine(slot: Slot | null, index: number): string {
  const { address, port } = slot?.target ?? { address: '192.0.2.1', port: 9 };
  return `server ${slotName(index)} ${address}:${port}${slot?.state === 'ready' ? '' : ' disabled'}`;
}

function section(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
