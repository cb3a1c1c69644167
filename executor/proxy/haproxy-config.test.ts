import { describe, expect, test } from 'vitest';
import { fingerprint, haproxyConfig, type HaproxySettings, hostMapFile } from './haproxy-config.ts';
import { emptyTable, type RoutingTable, withLeavingFreed, withRoute } from './routing-table.ts';

const settings: HaproxySettings = { httpPort: 8080, ipv6: true, socketOwner: { uid: 1000, gid: 100 }, tls: null };
const target = (id: string, port: number) => ({ id, address: '10.213.0.2', port });
const shop = (...targets: ReturnType<typeof target>[]) => ({ app: 'shop', hosts: ['shop.localhost', 'shop.example'], targets });
const switched = withRoute(withRoute(emptyTable(2), shop(target('a', 80))), shop(target('b', 81)));

/** Lines of a section without their indentation. */
function section(title: string, table: RoutingTable = switched, changes: Partial<HaproxySettings> = {}): string[] {
  const text = haproxyConfig({ ...settings, ...changes }, table);
  return text.split('\n\n').find((part) => part.startsWith(`${title}\n`))?.split('\n').slice(1).map((line) => line.trim()) ?? [];
}

test('the configuration holds what serves now: new requests would go to the same targets after a restart', () => {
  expect(section('backend b0')).toEqual(['server s0 10.213.0.2:80 disabled', 'server s1 10.213.0.2:81', 'server s2 192.0.2.1:9 disabled', 'server s3 192.0.2.1:9 disabled']);
  expect(hostMapFile(switched)).toBe('shop.localhost b0\nshop.example b0\n');
});

test.each<[string, Partial<HaproxySettings>, string[]]>([
  ['IPv4 and IPv6', {}, ['bind :8080', 'bind :::8080 v6only']],
  ['IPv4 alone where the kernel has no IPv6', { ipv6: false }, ['bind :8080']],
])('the public port is bound on %s', (_, changes, binds) => {
  expect(section('frontend public', switched, changes).filter((line) => line.startsWith('bind'))).toEqual(binds);
});

test('only what may be repeated is sent again after an empty answer', () => {
  expect(section('frontend public')).toContain('http-request disable-l7-retry unless { method GET HEAD OPTIONS }');
});

test('only the executor\'s user reaches a socket', () => {
  expect(section('global')).toContain('stats socket unix@admin.sock mode 600 uid 1000 gid 100 level admin expose-fd listeners');
});

describe('TLS', () => {
  const redirects = (tls: HaproxySettings['tls']) => section('frontend public', switched, { tls }).filter((line) => line.includes('redirect'));

  test('has no frontend, no redirect and no ask without it', () => {
    expect(section('frontend tls')).toEqual([]);
    expect(haproxyConfig(settings, switched)).not.toContain('/.dockup/ask');
    expect(redirects(null)).toEqual([]);
  });

  test.each([
    [443, 'https://%[var(txn.host)]%[capture.req.uri]'],
    [8443, 'https://%[var(txn.host)]:8443%[capture.req.uri]'],
  ])('on port %i redirects plain HTTP when the domain is public', (port, location) => {
    expect(redirects({ port, internal: false })).toEqual([`http-request redirect code 308 location ${location} if { var(txn.host),map(hosts.map) -m found }`]);
  });

  test('keeps plain HTTP beside the authority of its own', () => {
    expect(redirects({ port: 8443, internal: true })).toEqual([]);
  });

  test('takes the word of Caddy for the visitor: its frontend sets no X-Forwarded-For, -Proto or -Host', () => {
    const lines = section('frontend tls', switched, { tls: { port: 443, internal: false } });
    expect(lines).toContain('bind unix@tls.sock mode 600 uid 1000 gid 100');
    expect(lines.join('\n')).not.toMatch(/set-header X-Forwarded-(For|Proto|Host)/);
  });
});

describe('the fingerprint', () => {
  test.each([
    ['a route', settings, withRoute(switched, { app: 'blog', hosts: ['blog.localhost'], targets: [] })],
    ['a switch', settings, withRoute(switched, shop(target('c', 82)))],
    ['a freed slot', settings, withLeavingFreed(switched, 'shop', new Set(['a']))],
  ])('stays the same for %s, which the runtime socket can change', (_, nextSettings, table) => {
    expect(fingerprint(nextSettings, table)).toBe(fingerprint(settings, switched));
  });

  test.each<[string, HaproxySettings, RoutingTable]>([
    ['another port', { ...settings, httpPort: 80 }, switched],
    ['TLS', { ...settings, tls: { port: 443, internal: false } }, switched],
    ['more backends', settings, [...switched, ...emptyTable(1)]],
    ['more slots', settings, withRoute(switched, shop(...[1, 2, 3, 4, 5].map((port) => target(`r${port}`, port))))],
  ])('changes for %s, which takes a reload', (_, nextSettings, table) => {
    expect(fingerprint(nextSettings, table)).not.toBe(fingerprint(settings, switched));
  });
});
