/** What our document cannot say of a value: names that mean a thing, and rules that are no schema. */
import fc from 'fast-check';
import { fresh, keptOf, oneOf, type Kind } from './placeholders.ts';

type Text = fc.Arbitrary<string>;

/** Of a value that is meant to be right. */
export const thing = (kind: Kind, ...people: Parameters<typeof keptOf>[0][]): Text =>
  fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 30 }).map((index) => oneOf(kind, index)) }, ...people.map((person) => ({ weight: 1, arbitrary: fc.constant(keptOf(person, kind)) })));

const app = fc.oneof(thing('app', 'ann', 'bob'), thing('slug', 'ann'));

/** A marker in every value of an environment: it may be seen where values are read, and nowhere else. */
export const secretMarker = 'planted-env-value';

/** By the name of a parameter or a property. */
export type Hints = Readonly<Record<string, fc.Arbitrary<unknown>>>;

export const hints: Hints = {
  appId: app,
  app,
  slug: fc.constantFrom(`f${fresh}`, `f-${fresh}`, `0${fresh}x`),
  projectId: thing('project', 'ann', 'bob'),
  deploymentId: thing('deployment', 'ann', 'bob'),
  deployment_id: thing('deployment', 'ann'),
  deployment: thing('deployment', 'ann'),
  serverId: thing('server', 'administrator'),
  server_id: fc.oneof({ weight: 4, arbitrary: fc.constant(keptOf('administrator', 'server')) }, { weight: 1, arbitrary: thing('server') }),
  tagId: thing('tag', 'administrator'),
  tags: fc.array(thing('tag', 'administrator'), { maxLength: 3 }),
  userId: thing('user', 'ann', 'bob', 'administrator'),
  keyId: thing('key', 'ann', 'bob', 'administrator'),
  uploadId: thing('upload'),
  upload: thing('upload'),
  volume: thing('volume'),
  transferId: fc.constantFrom('5f0c', '0'.repeat(32)),
  environmentId: thing('environment', 'ann'),
  environment_id: thing('environment', 'ann'),
  projects: fc.oneof(fc.constant(null), fc.array(thing('project', 'ann'), { maxLength: 3 })),
  apps: fc.oneof(fc.constant(null), fc.array(thing('app', 'ann'), { maxLength: 3 })),
  cursor: thing('cursor'),
  after: thing('event'),
  ticket: thing('ticket'),
  email: fc.constantFrom(`f${fresh}@example.com`, `F.${fresh}+x@sub.example.com`),
  password: fc.constantFrom('planted-password-of-fuzz', 'planted-password 💥 of fuzz'),
  wait: fc.constantFrom(0, 0, 1),
  since: fc.constantFrom('15m', '7d', '2026-11-22T18:50:28Z', '1795000000', 'c1'),
  until: fc.constantFrom('2026-11-22T18:50:28Z', '1s', '1795000000'),
  image: fc.constantFrom('nginx:alpine', 'registry.example:5000/team/app@sha256:' + 'a'.repeat(64), 'busybox'),
  git_repo_url: fc.constantFrom(null, null, 'https://example.com/x.git'),
  env: fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_.-]{0,12}$/), fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `${secretMarker} ${text}`), { maxKeys: 4 }),
  mount_path: fc.constantFrom(`/data/${fresh}`, `/srv/${fresh}`),
  scopes: fc.oneof(fc.constant(null), fc.uniqueArray(fc.constantFrom('apps:read', 'apps:write', 'deploy', 'logs', 'exec', 'secrets:read', 'admin'), { minLength: 1 })),
  expires_at: fc.constantFrom(null, '2199-01-01T00:00:00.000Z'),
  type: fc.constantFrom('deployment', 'app.status', 'app'),
  cmd: fc.oneof(fc.constantFrom('/bin/sh', 'ls'), fc.array(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 })),
};

/** Operations where a name means something else. */
export const hintsOf: Readonly<Record<string, Hints>> = {
  deployBySlug: { slug: thing('slug', 'ann', 'bob') },
  // Of a body of JSON it has to be an array.
  execInApp: { cmd: fc.array(fc.string({ maxLength: 12 }), { minLength: 1, maxLength: 4 }) },
  addVolume: { name: fc.constant(`v-${fresh}`) },
  deleteVolumeByQuery: { name: thing('volume') },
  deleteApp: { delete_volumes: thing('volume') },
  // An administrator who puts a copy of Bob's app into Ann's project shows it to her.
  duplicateApp: { environment_id: fc.constant(keptOf('administrator', 'environment')) },
};
