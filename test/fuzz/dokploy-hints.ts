/** What the document of Dokploy's API cannot say of a value, as `hints.ts` tells it for ours. */
import fc from 'fast-check';
import { organizationId } from '../../worker/dokploy/fields.ts';
import { secretMarker, thing, type Hints } from './hints.ts';
import { fresh } from './placeholders.ts';

const app = thing('app', 'ann', 'bob');
const slug = thing('slug', 'ann', 'bob');
const environment = thing('environment', 'ann', 'bob');
const user = thing('user', 'ann', 'bob', 'administrator');
const tag = thing('tag', 'administrator');
const deployment = thing('deployment', 'ann', 'bob');

export const dokployHints: Hints = {
  applicationId: app,
  serviceId: app,
  environmentId: environment,
  sourceEnvironmentId: environment,
  targetEnvironmentId: environment,
  projectId: thing('project', 'ann', 'bob'),
  deploymentId: deployment,
  rollbackId: deployment,
  domainId: app.map((id) => `domain_${id}`),
  mountId: fc.tuple(app, thing('volume')).map(([id, volume]) => `${id}.${volume}`),
  userId: user,
  memberId: user,
  apiKeyId: thing('key', 'ann', 'bob'),
  tagId: tag,
  tagIds: fc.array(tag, { maxLength: 3 }),
  serverId: thing('server', 'administrator'),
  organizationId: fc.constantFrom(organizationId, 'another'),
  appName: slug,
  containerId: app,
  host: fc.tuple(slug, fc.constantFrom('.localhost', '.localhost', '')).map((parts) => parts.join('')),
  email: fc.constantFrom(`f${fresh}@example.com`, `F.${fresh}+x@sub.example.com`),
  password: fc.constantFrom('planted-password-of-fuzz', 'planted-password 💥 of fuzz'),
  dockerImage: fc.constantFrom('nginx:alpine', 'busybox'),
  env: fc.uniqueArray(fc.stringMatching(/^[A-Z_]{1,8}$/), { maxLength: 4 }).map((names) => names.map((name) => `${name}=${secretMarker} ${name.toLowerCase()}`).join('\n')),
  volumeName: fc.constantFrom(`v-${fresh}`, 'data'),
  mountPath: fc.constant(`/data/${fresh}`),
  since: fc.constantFrom('15m', '7d', 'all', '2026-11-22T18:50:28Z'),
};
