/** What somebody may do by Dokploy's names: things, and what is done with them. */
import { z } from 'zod';
import { hasRight } from '../../services/access.ts';
import type { Actor } from '../../services/actor.ts';
import type { Action } from '../../services/permissions.ts';

/** Null: nobody does it here, as there is no such thing. */
type Rights = Readonly<Record<string, Action | null>>;

const writing = (read: Action | null, write: Action | null): Rights => ({ read, create: write, delete: write });
const managing = (read: Action | null, write: Action | null): Rights => ({ ...writing(read, write), update: write });
const absent = managing(null, null);

const rights: Readonly<Record<string, Rights>> = {
  organization: { update: null, delete: null },
  member: managing('admin', 'admin'),
  invitation: { create: 'admin', cancel: 'admin' },
  team: { create: 'admin', update: 'admin', delete: 'admin' },
  ac: absent,
  project: { create: 'apps:write', delete: 'delete_project' },
  service: writing('apps:read', 'apps:write'),
  environment: writing('apps:read', 'apps:write'),
  docker: { read: 'apps:read' },
  containerFilesystem: { read: null, write: null },
  sshKeys: writing(null, null),
  gitProviders: writing(null, null),
  traefikFiles: { read: null, write: null },
  api: { read: 'compatible_api' },
  volume: writing('apps:read', 'apps:write'),
  deployment: { read: 'apps:read', create: 'deploy', cancel: 'deploy' },
  envVars: { read: 'secrets:read', write: 'apps:write' },
  projectEnvVars: { read: null, write: null },
  environmentEnvVars: { read: null, write: null },
  server: writing('admin', 'admin'),
  registry: writing(null, null),
  certificate: absent,
  backup: { ...absent, restore: null },
  volumeBackup: { ...absent, restore: null },
  schedule: absent,
  domain: writing('apps:read', 'apps:write'),
  destination: writing(null, null),
  notification: absent,
  tag: managing('apps:read', 'admin'),
  logs: { read: 'logs' },
  monitoring: { read: 'apps:read' },
  auditLog: { read: 'admin' },
};

export const permissions = z
  .record(z.string(), z.record(z.string(), z.boolean()))
  .meta({ description: 'Of the one who asks, with what they come by: `{ "service": { "create": true } }`. What of it they may do with a thing that is shared with them is a matter of how it is shared.' });

export function toPermissions(actor: Actor): z.infer<typeof permissions> {
  const allowed = (actions: Rights) => Object.fromEntries(Object.entries(actions).map(([name, action]) => [name, action !== null && hasRight(actor, action)]));
  return Object.fromEntries(Object.entries(rights).map(([thing, actions]) => [thing, allowed(actions)]));
}
