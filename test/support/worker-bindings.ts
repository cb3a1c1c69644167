import type { ProvidedDatabase } from './worker-database.ts';

/** The variables of the Worker under test. */
export function workerBindings(database: ProvidedDatabase): Record<string, string> {
  return {
    DOCKUP_PUBLIC_URL: 'http://dockup.test',
    DOCKUP_BASE_DOMAIN: 'apps.test',
    DOCKUP_AUTH_SECRET: database.authSecret,
    DOCKUP_ENCRYPTION_KEY: database.encryptionKey,
    DOCKUP_DATABASE_URL: database.url,
    DOCKUP_DATABASE_TOKEN: database.token,
    DOCKUP_RATE_LIMIT: 'off',
    TEST_CREDENTIALS: JSON.stringify(database.credentials),
  };
}
