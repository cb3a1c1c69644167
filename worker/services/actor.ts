import type { UserRow } from '../store/schema.ts';

/** Who is asking, and by which kind of token. */
export interface Actor {
  user: UserRow;
  via: 'session' | 'api_key';
}

export function isAdministrator(actor: Actor): boolean {
  return actor.user.role === 'admin';
}

/** Undefined means: everything. The one place that turns a role into a filter of lists. */
export function ownerFilter(actor: Actor): string | undefined {
  return isAdministrator(actor) ? undefined : actor.user.id;
}
