import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ingressOf, readConfig } from './config.ts';

describe('the configuration of the executor', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      apiUrl: undefined, enrolmentToken: undefined, dir: resolve('.dockup/executor'), baseDomain: 'localhost', httpPort: 8080, tls: null,
      dockerSocket: '/var/run/docker.sock', networkPool: '10.213.0.0/16', proxySupervisor: 'docker', maxUpload: 20_000_000_000, logRetentionDays: 7,
      pullTimeout: 900, healthTimeout: 300,
    });
  });

  it('takes an empty variable as one that is not set', () => {
    expect(readConfig({ DOCKUP_HTTP_PORT: '', DOCKUP_API_URL: '' }).httpPort).toBe(8080);
  });

  it.each(['0', '3601', '1.5', 'soon'])('REL-08 refuses a deadline of %s s', (seconds) => {
    for (const name of ['DOCKUP_PULL_TIMEOUT', 'DOCKUP_HEALTH_TIMEOUT']) expect(() => readConfig({ [name]: seconds })).toThrow(new RegExp(name));
  });

  it.each([
    ['example.com', undefined, 'https', 443],
    ['apps.example.com', '8443', 'https', 8443],
    ['localhost', undefined, 'http', 8080],
    ['localhost', '8443', 'https', 8443],
    ['apps.localhost', undefined, 'http', 8080],
    ['box.internal', undefined, 'http', 8080],
    ['printer.local', undefined, 'http', 8080],
    ['site.test', undefined, 'http', 8080],
    ['10.0.0.5', undefined, 'http', 8080],
  ])('serves %s with HTTPS port %s as %s on %i', (domain, httpsPort, scheme, port) => {
    expect(ingressOf(readConfig({ DOCKUP_BASE_DOMAIN: domain, DOCKUP_HTTPS_PORT: httpsPort }))).toEqual({ scheme, port });
  });

  it('SEC-11 names the variable that is wrong and never its value', () => {
    const wrong = { DOCKUP_HTTP_PORT: '99999-secret', DOCKUP_API_URL: 'ftp://user:secret@host', DOCKUP_NETWORK_POOL: 'secret' };
    expect(() => readConfig(wrong)).toThrow(/^(?=.*DOCKUP_HTTP_PORT)(?=.*DOCKUP_API_URL)(?=.*DOCKUP_NETWORK_POOL)(?!.*secret)/);
  });
});
