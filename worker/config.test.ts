import { describe, expect, test } from 'vitest';
import { ConfigError, readAdministrator, readConfig, readEmbeddedConfig } from './config.ts';

const strong = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const good = { DOCKUP_AUTH_SECRET: strong, DOCKUP_ENCRYPTION_KEY: strong, DOCKUP_DATABASE_URL: 'file:dockup.db' };

describe('SEC-08 secrets', () => {
  test('an empty environment is refused with the name of what is missing', () => {
    expect(() => readConfig('edge', {})).toThrow(ConfigError);
    expect(() => readConfig('edge', {})).toThrow(/^DOCKUP_AUTH_SECRET is not set/);
  });

  const bad: [what: string, value: unknown, message: RegExp][] = [
    ['missing', undefined, /is not set/],
    ['empty', '', /is not set/],
    ['a number', 42, /is not set/],
    ['short', strong.slice(0, 31), /shorter than 32 bytes/],
    ['one character again and again', 'a'.repeat(64), /default value/],
    ['out of a manual', 'changeme-changeme-changeme-changeme', /default value/],
    ['out of another manual', 'my-super-secret-auth-key-for-production', /default value/],
    ['a password', 'P@ssw0rd-password-P@ssw0rd-password!', /default value/],
    ['the name of the product', 'dockup-dockup-dockup-dockup-dockup-1', /default value/],
  ];
  for (const name of ['DOCKUP_AUTH_SECRET', 'DOCKUP_ENCRYPTION_KEY']) {
    test.each(bad)(`${name} that is %s`, (_what, value, message) => {
      const read = () => readConfig('embedded', { ...good, [name]: value });
      expect(read).toThrow(ConfigError);
      expect(read).toThrow(message);
      expect(read).toThrow(name);
    });
  }

  test('32 bytes are enough, however many characters they are', () => {
    expect(readConfig('edge', { ...good, DOCKUP_AUTH_SECRET: strong.slice(0, 32) }).authSecret).toHaveLength(32);
    expect(readConfig('edge', { ...good, DOCKUP_AUTH_SECRET: 'ßäöüßäöüßäöüßäöx'.slice(0, 16) + 'é' }).authSecret).toHaveLength(17);
  });

  test('no message holds the value', () => {
    expect(() => readConfig('edge', { ...good, DOCKUP_AUTH_SECRET: 'hunter2' })).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }));
  });
});

describe('the rest', () => {
  test('has defaults', () => {
    expect(readConfig('embedded', good)).toEqual({
      host: 'embedded',
      publicUrl: 'http://localhost:3000',
      baseDomain: 'localhost',
      authSecret: strong,
      encryptionKey: strong,
      databaseUrl: 'file:dockup.db',
      databaseToken: undefined,
      sessionLife: 8 * 3600,
      isKeyRevealOn: true,
      isUrlTokenOn: true,
      securityContact: 'mailto:security@localhost',
      rateLimit: 6_000,
      trustedProxies: 0,
    });
    expect(readEmbeddedConfig({})).toEqual({ bind: '0.0.0.0', port: 3000, dataDir: '.dockup' });
    expect(readAdministrator({})).toEqual({ email: 'admin@dockup.local', password: undefined });
  });

  test('is taken from the environment', () => {
    const env = { ...good, PORT: '4000', DOCKUP_BASE_DOMAIN: 'Apps.Example.COM', DOCKUP_SESSION_LIFE: '60', DOCKUP_KEY_REVEAL: 'off', DOCKUP_DATABASE_TOKEN: 't' };
    expect(readConfig('edge', env)).toMatchObject({ publicUrl: 'http://localhost:4000', baseDomain: 'apps.example.com', sessionLife: 60, isKeyRevealOn: false, databaseToken: 't' });
    expect(readConfig('edge', { ...env, DOCKUP_RATE_LIMIT: '60', DOCKUP_TRUSTED_PROXIES: '2' })).toMatchObject({ rateLimit: 60, trustedProxies: 2 });
    expect(readConfig('edge', { ...env, DOCKUP_RATE_LIMIT: 'off', DOCKUP_TRUSTED_PROXIES: '0' })).toMatchObject({ rateLimit: null, trustedProxies: 0 });
    expect(readConfig('edge', { ...env, DOCKUP_PUBLIC_URL: 'https://dockup.example//' })).toMatchObject({ publicUrl: 'https://dockup.example' });
  });

  test.each([
    ['DOCKUP_PUBLIC_URL', 'dockup.example'],
    ['DOCKUP_PUBLIC_URL', 'ftp://dockup.example'],
    ['DOCKUP_BASE_DOMAIN', 'http://example.com'],
    ['DOCKUP_BASE_DOMAIN', 'example..com'],
    ['DOCKUP_BASE_DOMAIN', 'example.com;reboot'],
    ['DOCKUP_SESSION_LIFE', '0'],
    ['DOCKUP_SESSION_LIFE', '8h'],
    ['DOCKUP_DATABASE_URL', ''],
    ['PORT', '-1'],
    ['DOCKUP_SECURITY_CONTACT', 'security@example.com'],
    ['DOCKUP_RATE_LIMIT', '0'],
    ['DOCKUP_RATE_LIMIT', '-5'],
    ['DOCKUP_RATE_LIMIT', '1e3'],
    ['DOCKUP_RATE_LIMIT', '100/min'],
    ['DOCKUP_RATE_LIMIT', 'OFF'],
    ['DOCKUP_RATE_LIMIT', '9999999999'],
    ['DOCKUP_TRUSTED_PROXIES', '-1'],
    ['DOCKUP_TRUSTED_PROXIES', 'all'],
  ])('%s=%s stops the start', (name, value) => {
    expect(() => readConfig('embedded', { ...good, [name]: value })).toThrow(name);
  });

  test('an administrator gets no short password', () => {
    expect(() => readAdministrator({ DOCKUP_ADMIN_PASSWORD: 'elevenchars' })).toThrow(ConfigError);
    expect(readAdministrator({ DOCKUP_ADMIN_EMAIL: 'root@example.com', DOCKUP_ADMIN_PASSWORD: 'twelve-chars' })).toEqual({ email: 'root@example.com', password: 'twelve-chars' });
  });
});
