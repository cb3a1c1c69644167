/** The only reader of the environment in the executor. */
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Ingress } from '../shared/protocol/messages.ts';

export interface Config {
  /** Control plane, without a trailing slash. Left out, it is the one this directory was enrolled at. */
  apiUrl: string | undefined;
  /** Needed on the first start only. */
  enrolmentToken: string | undefined;
  dir: string;
  baseDomain: string;
  httpPort: number;
  /** Null: no TLS on this host. `isInternal`: no public authority could issue for the domain, so the certificates are Caddy's own. */
  tls: { httpsPort: number; isInternal: boolean } | null;
  dockerSocket: string;
  /** CIDR that project networks are cut from. */
  networkPool: string;
  proxySupervisor: 'docker' | 'external';
  /** How long the logs of containers that are gone are kept. */
  logRetentionDays: number;
  /** Bytes of an uploaded image, unpacked. */
  maxUpload: number;
  /** Seconds a deployment may take to pull its image. */
  pullTimeout: number;
}

const port = z.coerce.number().int().min(1).max(65535);

const environment = z.object({
  DOCKUP_API_URL: z.url({ protocol: /^https?$/ }).optional(),
  DOCKUP_ENROLMENT_TOKEN: z.string().min(1).optional(),
  DOCKUP_DATA_DIR: z.string().min(1).default('.dockup'),
  DOCKUP_EXECUTOR_DIR: z.string().min(1).optional(),
  DOCKUP_BASE_DOMAIN: z.string().toLowerCase().regex(/^[a-z0-9.-]{1,253}$/, 'is not a domain').default('localhost'),
  DOCKUP_HTTP_PORT: port.default(8080),
  DOCKUP_HTTPS_PORT: port.optional(),
  DOCKUP_DOCKER_SOCKET: z.string().min(1).default('/var/run/docker.sock'),
  DOCKUP_NETWORK_POOL: z.string().regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, 'is not an IPv4 range such as 10.213.0.0/16').default('10.213.0.0/16'),
  DOCKUP_PROXY_SUPERVISOR: z.enum(['docker', 'external']).default('docker'),
  DOCKUP_LOG_RETENTION_DAYS: z.coerce.number().int().min(1).max(3650).default(7),
  DOCKUP_MAX_UPLOAD: z.coerce.number().int().min(1).default(20_000_000_000),
  DOCKUP_PULL_TIMEOUT: z.coerce.number().int().min(1).max(86_400).default(900),
});

/** @throws Error naming every variable that is wrong, never its value */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new Error(`configuration: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`);
  }
  const values = parsed.data;
  return {
    apiUrl: values.DOCKUP_API_URL?.replace(/\/+$/, ''),
    enrolmentToken: values.DOCKUP_ENROLMENT_TOKEN,
    dir: resolve(values.DOCKUP_EXECUTOR_DIR ?? join(values.DOCKUP_DATA_DIR, 'executor')),
    baseDomain: values.DOCKUP_BASE_DOMAIN,
    httpPort: values.DOCKUP_HTTP_PORT,
    tls: tlsOf(values.DOCKUP_BASE_DOMAIN, values.DOCKUP_HTTPS_PORT),
    dockerSocket: values.DOCKUP_DOCKER_SOCKET,
    networkPool: values.DOCKUP_NETWORK_POOL,
    proxySupervisor: values.DOCKUP_PROXY_SUPERVISOR,
    logRetentionDays: values.DOCKUP_LOG_RETENTION_DAYS,
    maxUpload: values.DOCKUP_MAX_UPLOAD,
    pullTimeout: values.DOCKUP_PULL_TIMEOUT,
  };
}

export function ingressOf(config: Pick<Config, 'httpPort' | 'tls'>): Ingress {
  return config.tls === null ? { scheme: 'http', port: config.httpPort } : { scheme: 'https', port: config.tls.httpsPort };
}

function tlsOf(baseDomain: string, httpsPort: number | undefined): Config['tls'] {
  const isInternal = !isPublic(baseDomain);
  if (httpsPort === undefined && isInternal) return null;
  return { httpsPort: httpsPort ?? 443, isInternal };
}

/** Whether a certificate authority could issue for the domain: not for the special-use names of RFC 6761 and the like, nor for an address. */
function isPublic(domain: string): boolean {
  const last = domain.split('.').at(-1) ?? '';
  return !['localhost', 'local', 'test', 'internal'].includes(last) && !/^\d*$/.test(last) && domain.includes('.');
}
