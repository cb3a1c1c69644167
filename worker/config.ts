/** The only reader of the control plane's environment, on both hosts. */

export interface Config {
  host: 'embedded' | 'edge';
  /** Where people and agents reach the API, without a trailing slash. */
  publicUrl: string;
  /** Apps answer at `{slug}-app.{baseDomain}`. */
  baseDomain: string;
  /** Signs login sessions. */
  authSecret: string;
  /** Seals secrets at rest. */
  encryptionKey: string;
  databaseUrl: string;
  databaseToken: string | undefined;
  /** Seconds a login session lives. */
  sessionLife: number;
  /** Whether an API key can be shown again to its owner (decision 2 of the requirements). */
  isKeyRevealOn: boolean;
  /** Whether WebSockets take long-lived tokens as `?token=` (decision 1 of the requirements). */
  isUrlTokenOn: boolean;
  /** Whom security.txt names: a `mailto:` or `https:` address. */
  securityContact: string;
  /** Requests a minute of one API key, user or address; null: not counted. */
  rateLimit: number | null;
  /** Proxies in front that add to `X-Forwarded-For`. */
  trustedProxies: number;
}

/** The environment is not fit to start with. The message says what to set; it never holds a value. */
export class ConfigError extends Error {}

type Environment = Record<string, unknown>;

export function readConfig(host: Config['host'], env: Environment): Config {
  const publicUrl = readUrl(env, 'DOCKUP_PUBLIC_URL', `http://localhost:${readInteger(env, 'PORT', 3000)}`);
  return {
    host,
    publicUrl,
    baseDomain: readDomain(env, 'DOCKUP_BASE_DOMAIN', 'localhost'),
    authSecret: readSecret(env, 'DOCKUP_AUTH_SECRET'),
    encryptionKey: readSecret(env, 'DOCKUP_ENCRYPTION_KEY'),
    databaseUrl: readText(env, 'DOCKUP_DATABASE_URL') ?? fail('DOCKUP_DATABASE_URL is not set'),
    databaseToken: readText(env, 'DOCKUP_DATABASE_TOKEN'),
    sessionLife: readInteger(env, 'DOCKUP_SESSION_LIFE', 8 * 3600),
    isKeyRevealOn: readText(env, 'DOCKUP_KEY_REVEAL') !== 'off',
    isUrlTokenOn: readText(env, 'DOCKUP_URL_TOKENS') !== 'off',
    // The mailbox that RFC 2142 keeps for this.
    securityContact: readContact(env, 'DOCKUP_SECURITY_CONTACT', `mailto:security@${new URL(publicUrl).hostname}`),
    rateLimit: readRateLimit(env),
    trustedProxies: readText(env, 'DOCKUP_TRUSTED_PROXIES') === '0' ? 0 : readInteger(env, 'DOCKUP_TRUSTED_PROXIES', 0),
  };
}

/** What only the embedded host reads: where it listens and keeps its files. */
export interface EmbeddedConfig {
  bind: string;
  port: number;
  dataDir: string;
}

export function readEmbeddedConfig(env: Environment): EmbeddedConfig {
  return {
    bind: readText(env, 'DOCKUP_HOST') ?? '0.0.0.0',
    port: readInteger(env, 'PORT', 3000),
    dataDir: readText(env, 'DOCKUP_DATA_DIR') ?? '.dockup',
  };
}

/** The first administrator, where the environment names one. */
export function readAdministrator(env: Environment): { email: string; password: string | undefined } {
  const password = readText(env, 'DOCKUP_ADMIN_PASSWORD');
  if (password !== undefined && password.length < 12) fail('DOCKUP_ADMIN_PASSWORD must have at least 12 characters');
  return { email: readText(env, 'DOCKUP_ADMIN_EMAIL') ?? 'admin@dockup.local', password };
}

const weakSecrets = /^(.)\1+$|secret|changeme|change-me|password|default|example|dockup/i;

/** SEC-08: no start without a secret, with a short one or with one that came out of a manual. */
function readSecret(env: Environment, name: string): string {
  const value = readText(env, name) ?? fail(`${name} is not set: give it 32 random bytes, for example from \`openssl rand -hex 32\``);
  if (new TextEncoder().encode(value).length < 32) fail(`${name} is shorter than 32 bytes`);
  if (weakSecrets.test(value)) fail(`${name} looks like a default value: use random bytes`);
  return value;
}

function readText(env: Environment, name: string): string | undefined {
  const value = env[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readInteger(env: Environment, name: string, fallback: number): number {
  const text = readText(env, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : fail(`${name} is not a positive whole number`);
}

function readRateLimit(env: Environment): number | null {
  const text = readText(env, 'DOCKUP_RATE_LIMIT');
  if (text === 'off') return null;
  if (text !== undefined && !/^[1-9]\d{0,8}$/.test(text)) fail('DOCKUP_RATE_LIMIT is neither `off` nor a positive whole number: requests a minute of one API key, user or address');
  return Number(text ?? 6_000);
}

function readUrl(env: Environment, name: string, fallback: string): string {
  const text = readText(env, name) ?? fallback;
  if (!URL.canParse(text) || !/^https?:/.test(text)) fail(`${name} is not an http(s) URL`);
  return text.replace(/\/+$/, '');
}

function readContact(env: Environment, name: string, fallback: string): string {
  const text = readText(env, name) ?? fallback;
  return /^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(text) ? text : fail(`${name} is not a mailto: or https: address`);
}

function readDomain(env: Environment, name: string, fallback: string): string {
  const text = (readText(env, name) ?? fallback).toLowerCase();
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(text) && text.length <= 200 ? text : fail(`${name} is not a domain name`);
}

function fail(message: string): never {
  throw new ConfigError(message);
}
