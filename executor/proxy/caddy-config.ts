/** Caddy's configuration. Pure, and static: every change of a Caddy configuration closes idle client connections, so it is never changed for an app. */
import { askPath, proxyFiles, type TlsSettings } from './haproxy-config.ts';

export const caddyFiles = { config: 'caddy.json', storage: 'caddy' } as const;

/** JSON rather than a Caddyfile: nothing is filled in by defaults that we do not see. Paths are relative to the working directory. */
export function caddyConfig(tls: TlsSettings, httpPort: number): string {
  const config = {
    admin: { disabled: true },
    // Certificates survive a restart, and Let's Encrypt's limits with them.
    storage: { module: 'file_system', root: caddyFiles.storage },
    logging: { logs: { default: { level: 'WARN' } } },
    apps: {
      // As root it would put its authority into the trust store of the system.
      pki: { certificate_authorities: { local: { install_trust: false } } },
      tls: {
        automation: {
          policies: [{ on_demand: true, issuers: [issuer(tls)] }],
          on_demand: { ask: `http://127.0.0.1:${httpPort}${askPath}` },
        },
      },
      http: { https_port: tls.port, servers: { public: httpsServer(tls) } },
    },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** TLS-ALPN proves the domain on port 443 itself, so port 80 stays HAProxy's. */
function issuer({ internal, port }: TlsSettings) {
  if (internal) return { module: 'internal' };
  return { module: 'acme', challenges: { http: { disabled: true }, 'tls-alpn': { alternate_port: port } } };
}

function httpsServer({ port }: TlsSettings) {
  return {
    listen: [`:${port}`],
    protocols: ['h1', 'h2', 'h3'],
    // One policy without a condition: TLS for every name, with the certificate got on demand.
    tls_connection_policies: [{}],
    automatic_https: { disable_redirects: true },
    read_header_timeout: '30s',
    idle_timeout: '5m',
    routes: [{ handle: [reverseProxy] }],
  };
}

/** Sets X-Forwarded-For, -Proto and -Host from the connection: 2.6 drops what the client says of itself unless it is told to trust it. */
const reverseProxy = {
  handler: 'reverse_proxy',
  upstreams: [{ dial: `unix/${proxyFiles.tlsSocket}` }],
  // Streams go out as they come.
  flush_interval: -1,
  // Shorter than HAProxy's 60 s, so that a request never meets a connection that is being closed.
  transport: { protocol: 'http', keep_alive: { idle_timeout: '30s' } },
};
