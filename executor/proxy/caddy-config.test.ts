import { expect, test } from 'vitest';
import { caddyConfig } from './caddy-config.ts';

const policies = (internal: boolean) => JSON.parse(caddyConfig({ port: 8443, internal }, 8080)).apps.tls.automation.policies;

test('a public domain gets certificates by ACME over TLS-ALPN alone: port 80 stays HAProxy\'s', () => {
  expect(policies(false)).toEqual([{ on_demand: true, issuers: [{ module: 'acme', challenges: { http: { disabled: true }, 'tls-alpn': { alternate_port: 8443 } } }] }]);
});

test('any other domain gets them from an authority that no system is made to trust', () => {
  expect(policies(true)).toEqual([{ on_demand: true, issuers: [{ module: 'internal' }] }]);
  expect(JSON.parse(caddyConfig({ port: 8443, internal: true }, 8080)).apps.pki.certificate_authorities.local.install_trust).toBe(false);
});

test('HAProxy is asked before a certificate is made, and gets all requests', () => {
  const { admin, apps } = JSON.parse(caddyConfig({ port: 8443, internal: false }, 8080));
  expect(admin).toEqual({ disabled: true });
  expect(apps.tls.automation.on_demand).toEqual({ ask: 'http://127.0.0.1:8080/.dockup/ask' });
  expect(apps.http.servers.public.routes[0].handle[0]).toMatchObject({ handler: 'reverse_proxy', upstreams: [{ dial: 'unix/tls.sock' }], flush_interval: -1 });
});
