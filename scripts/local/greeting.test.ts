import { expect, test } from 'vitest';
import { appUrl } from './greeting.ts';

test.each([
  [{ baseDomain: 'localhost', httpPort: 8080, httpsPort: undefined }, 'http://demo-app.localhost:8080'],
  [{ baseDomain: 'apps.internal', httpPort: 80, httpsPort: undefined }, 'http://demo-app.apps.internal'],
  [{ baseDomain: 'example.com', httpPort: 80, httpsPort: 443 }, 'https://demo-app.example.com'],
  [{ baseDomain: 'localhost', httpPort: 8080, httpsPort: 8443 }, 'https://demo-app.localhost:8443'],
])('the address of an app with %o is %s', (settings, url) => {
  expect(appUrl(settings, 'demo')).toBe(url);
});
