/**
 * Names and ids: slugs, the ids of rows, and what Dockup calls the things it makes on an engine. The allow-list of slugs is
 * checked at the API and again by the executor (SEC-07).
 */
import { canonicalImage } from './image-reference.ts';

/** SEC-07: an allow-list, 1 to 40 characters, one DNS label together with the `-app` suffix. */
export const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
export const slugMaxLength = 40;

const reservedSlugs = new Set([
  'www', 'api', 'admin', 'app', 'apps', 'auth', 'login', 'logout', 'dockup', 'dashboard', 'console', 'docs', 'swagger', 'status', 'system', 'static',
  'assets', 'public', 'root', 'support', 'help', 'mail', 'smtp', 'imap', 'ftp', 'ns1', 'ns2', 'localhost', 'well-known', 'mcp', 'webhooks', 'settings',
  'new', 'me', 'deploy',
]);

/** Words that would shadow a host or a route of Dockup itself, and punycode look-alikes. */
export function isReservedSlug(slug: string): boolean {
  return reservedSlugs.has(slug) || slug.startsWith('xn--');
}

const idPrefixes = { user: 'usr', key: 'key', project: 'prj', environment: 'env', app: 'app', deployment: 'dep', server: 'srv', event: 'evt', audit: 'aud', team: 'team', share: 'shr', session: 'ses', invitation: 'inv', tag: 'tag' } as const;
export type IdKind = keyof typeof idPrefixes;

/** Crockford base 32, lower case: sorts like the number it writes. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** `app_06f9k2…`: 9 characters of time (milliseconds, sortable until the year 3085) and 13 of randomness. An id can never be a slug: it holds `_`. */
export function newId(kind: IdKind, now: number, random: Uint8Array): string {
  let time = '';
  for (let rest = now, i = 0; i < 9; i++) {
    time = alphabet[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let tail = '';
  for (let i = 0; i < 13; i++) tail += alphabet[(random[i] ?? 0) % 32];
  return `${idPrefixes[kind]}_${time}${tail}`;
}

/** When an id was made, in milliseconds since the epoch. */
export function timeOfId(id: string): number {
  return Array.from(id.slice(id.indexOf('_') + 1, id.indexOf('_') + 10)).reduce((time, digit) => time * 32 + alphabet.indexOf(digit), 0);
}

/** No id made from `time` on is smaller. */
export function smallestId(kind: IdKind, time: number): string {
  return newId(kind, time, new Uint8Array(13));
}

export function idPattern(kind: IdKind): RegExp {
  return new RegExp(`^${idPrefixes[kind]}_[0-9a-hjkmnp-tv-z]{22}$`);
}

export function isId(kind: IdKind, value: string): boolean {
  return idPattern(kind).test(value);
}

/** Every project has one from the start. Its id follows from the project's, as the trigger in migration 0005 makes it. */
export function defaultEnvironmentId(projectId: string): string {
  return `${idPrefixes.environment}_${projectId.slice(idPrefixes.project.length + 1)}`;
}

/** The host name an app answers at. */
export function appHost(slug: string, baseDomain: string): string {
  return `${slug}-app.${baseDomain}`;
}

/** Docker labels: everything an executor makes carries the first two, and it touches nothing without them. */
export const labels = {
  managed: 'dockup.managed',
  server: 'dockup.server',
  project: 'dockup.project',
  app: 'dockup.app',
  deployment: 'dockup.deployment',
  role: 'dockup.role',
  /** Of a volume: its name within the app. */
  volume: 'dockup.volume',
  /** Of an app's container: when the engine is to start it again, for as long as nobody has stopped it. */
  restart: 'dockup.restart',
} as const;

/** The container of one deployment: running a deployment again finds the container it already made. */
export function containerName(slug: string, deploymentId: string): string {
  return `dockup-${slug}-${deploymentId.slice(-12)}`;
}

/** What a container's name is made of; undefined for any other name. Whether there is such a deployment is not in it. */
export function readContainerName(name: string): { slug: string; tail: string } | undefined {
  const [, slug, tail] = /^dockup-([a-z0-9-]{1,40})-([0-9a-hjkmnp-tv-z]{12})$/.exec(name) ?? [];
  return slug === undefined || tail === undefined ? undefined : { slug, tail };
}

export function networkName(serverId: string, projectId: string): string {
  return `dockup-${serverId.slice(-8)}-${projectId.slice(4)}`;
}

/** Volumes are named like slugs, per app. */
export const volumePattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** The engine's name of an app's volume. Ids hold no `-`, so two pairs never meet. */
export function volumeName(serverId: string, appId: string, volume: string): string {
  return `dockup-${serverId.slice(-8)}-${appId.slice(4)}-${volume}`;
}

const imageNamespace = 'dockup/';

/** What the image of a deployment is kept as, for rollbacks, and what an uploaded one is tagged. */
export function keptImage(slug: string, deploymentId: string): string {
  return `${imageNamespace}${slug}:${deploymentId}`;
}

/** Whether `image` is the image of a deployment, kept or uploaded: no registry has it. */
export function isKeptImage(image: string): boolean {
  const name = canonicalImage(image);
  return name.startsWith(imageNamespace) && isId('deployment', name.slice(name.indexOf(':') + 1));
}

/** Whether `image` is kept for another app than the one with `slug`: nobody runs what others have uploaded (SEC-04). */
export function isForeignKeptImage(image: string, slug: string): boolean {
  const name = canonicalImage(image);
  return name.startsWith(imageNamespace) && !name.startsWith(`${imageNamespace}${slug}:`);
}
