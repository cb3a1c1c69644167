/** The procedures of Dokploy that work, and each property of their inputs that names a thing of somebody. */
import { z } from 'zod';
import { listed } from '../../worker/dokploy/procedures.ts';
import type { Listed, Procedure } from '../../worker/dokploy/procedure.ts';
import { refusalOf } from '../../worker/services/permissions.ts';
import type { Member, World } from './control-plane-world.ts';
import { idsOf, inputs, type Input } from './dokploy-inputs.ts';

export interface Working extends Listed {
  procedure: Procedure;
}

export const working = listed.filter((entry): entry is Working => entry.procedure !== null);
export const queries = working.filter(({ method }) => method === 'get');

export const idsIn = ({ executor, tag }: World, owner: Member) => idsOf(owner, { serverId: executor.serverId, tagId: tag.id });

export const inputOf = (world: World, { path }: Listed, owner: Member): Input => inputs[path]?.(idsIn(world, owner), owner) ?? {};

export function schemaOf({ procedure }: Working): { properties: string[]; required: string[] } {
  const { properties = {}, required = [] } = z.toJSONSchema(procedure.input, { io: 'input' });
  return { properties: Object.keys(properties), required };
}

/** Why somebody may not even ask, by a session or by a key with all scopes; null: they may. */
export const refusalFor = (role: 'admin' | 'member', via: 'session' | 'api_key', { procedure }: Working) => refusalOf({ role, grants: ['api_tokens'], via, scopes: null, isBounded: false }, procedure.action);

/** The same id of a thing that does not exist. */
export const missingOf = (id: string) => (id.includes('_') ? id.replace(/_[0-9a-z]{22}/, `_${'0'.repeat(22)}`) : 'no-such-app');

/** A server is nobody's, but for administrators to look at, tags and the one organization are everybody's, of tags more only for administrators, and only `docker` finds an app by its name. */
function isOfSomebody({ path, procedure }: Working, name: string): boolean {
  if (name === 'serverId' || name === 'tagId') return procedure.action === 'admin';
  return name === 'appName' ? path.startsWith('docker.') : name !== 'organizationId' && name !== 'tagIds';
}

/** Each property that names a thing, once, with whether it has to be there. */
export const references = working.flatMap((entry) => {
  const { properties, required } = schemaOf(entry);
  const known = Object.keys(idsOf({ app: {}, key: {} } as Member, { serverId: '', tagId: '' }));
  return properties.filter((name) => known.includes(name) && isOfSomebody(entry, name)).map((name) => ({ title: `${entry.path}: ${name}`, entry, name, isRequired: required.includes(name) }));
});
