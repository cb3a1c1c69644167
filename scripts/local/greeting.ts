/** The last thing a start prints: where everything is, and the three calls that deploy an app, ready to be pasted. */
import { join } from 'node:path';
import { appHost } from '../../shared/names.ts';
import type { Credentials } from './client.ts';
import type { Settings } from './settings.ts';

export function greeting(settings: Settings, { email }: Credentials): string {
  const url = settings.publicUrl;
  const credentials = join(settings.dataDir, 'credentials.json');
  const header = '-H "Authorization: Bearer $HBR"';
  return `
  API          ${url}/api/v1 (${url}/api/v1/openapi.json, ${url}/llms.txt)
  Browser      ${url}/settings (keys and people), ${url}/swagger (the API to try out)
  Apps         ${appUrl(settings, '{slug}')}
  Credentials  ${credentials} (${email}; its api_key is the token below)
  Stop         Ctrl+C; apps keep serving. npm run down removes everything.

Deploy something:

  HBR=$(sed -n 's/.*"api_key": "\\(.*\\)".*/\\1/p' ${quote(credentials)})
  PID=$(curl -s -X POST ${url}/api/v1/projects ${header} -H "Content-Type: application/json" -d '{"name":"My Project"}' | sed -n 's/^{"id":"\\([^"]*\\)".*/\\1/p')
  curl -X POST ${url}/api/v1/projects/$PID/apps ${header} -H "Content-Type: application/json" -d '{"name":"demo","slug":"demo","image":"nginx:alpine","internal_port":80}'
  curl -X POST "${url}/api/v1/deploy/demo?wait=120" ${header}

Then open ${appUrl(settings, 'demo')}

Dockup is ready at ${url}`;
}

export function appUrl({ baseDomain, httpPort, httpsPort }: Pick<Settings, 'baseDomain' | 'httpPort' | 'httpsPort'>, slug: string): string {
  const [scheme, port, standard] = httpsPort === undefined ? ['http', httpPort, 80] : ['https', httpsPort, 443];
  return `${scheme}://${appHost(slug, baseDomain)}${port === standard ? '' : `:${port}`}`;
}

/** For a POSIX shell. */
function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
