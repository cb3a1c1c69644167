/** Entries of the audit log as Dokploy's: what was done to what is one of its words each, and our own are in `metadata`. */
import { z } from 'zod';
import type { NamedAuditRow } from '../../store/audit.ts';
import { organizationId, text, textOrNull, time, toTime } from '../fields.ts';

export const auditRow = z.object({
  id: text,
  organizationId: text,
  userId: textOrNull.meta({ description: 'Null where it was no user, or is none any more.' }),
  userEmail: text.meta({ description: 'Without a user: the id, or `system`.' }),
  userRole: text,
  action: text,
  resourceType: text,
  resourceId: text,
  resourceName: textOrNull,
  metadata: text.meta({ description: 'JSON: what was done in our own words (`action`, `target`, `outcome`), by what kind of token (`via`), and what was asked.' }),
  createdAt: time,
}).meta({ id: 'AuditEntry' });

export function toAuditRow({ entry, email, role, name }: NamedAuditRow): z.infer<typeof auditRow> {
  const { id, actor, via, action, target, outcome, detail, createdAt } = entry;
  return {
    id,
    organizationId,
    userId: email === null ? null : actor,
    userEmail: email ?? actor,
    userRole: role ?? 'system',
    ...toWords(action),
    // The outer one: what was deployed, shared, given a member.
    resourceId: target.split('/', 1)[0] ?? '',
    resourceName: name,
    metadata: JSON.stringify({ ...detail, action, target, outcome, via }),
    createdAt: toTime(createdAt),
  };
}

/** By the first word of what was done; anything else is an update. */
const actions: Readonly<Record<string, string>> = {
  create: 'create', add: 'create', invite: 'create', accept: 'create', enrol: 'create', delete: 'delete', remove: 'delete', revoke: 'delete', deploy: 'deploy', rollback: 'deploy', redeploy: 'redeploy',
  cancel: 'cancel', kill: 'cancel', clean: 'cancel', start: 'start', stop: 'stop', reload: 'reload', move: 'move', exec: 'run', terminal: 'run', read: 'read', one: 'read', reveal: 'read', download: 'read',
};

/** By what it was done to; anything else is a setting. */
const types: Readonly<Record<string, string>> = {
  project: 'project', environment: 'environment', app: 'service', application: 'service', volume: 'service', mounts: 'service', deployment: 'deployment', rollback: 'deployment', domain: 'domain', server: 'server', session: 'session',
  user: 'user', organization: 'user', invitation: 'user', team: 'user', api_key: 'user', second_factor: 'user', recovery_code: 'user', recovery_codes: 'user',
};

/** @param action `api_key.create`, or a procedure of Dokploy's as `dokploy.user.createApiKey` */
export function toWords(action: string): { action: string; resourceType: string } {
  const [thing = '', done = ''] = action.replace(/^dokploy\./, '').split('.');
  const resourceType = types[thing] ?? 'settings';
  if (thing === 'session') return { action: done === 'create' ? 'login' : 'logout', resourceType };
  return { action: actions[/^[a-z]+/.exec(done)?.[0] ?? ''] ?? 'update', resourceType };
}
