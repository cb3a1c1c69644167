import type { UserRow } from '../store/schema.ts';

/** Who is asking, and by which kind of token. */
export interface Actor {
  user: UserRow;
  via: 'session' | 'api_key';
  /** Whom requests are counted for: the key, or the user on a session. */
  principal: string;
}

export function isAdministrator(actor: Actor): boolean {
  return actor.user.role === 'admin';
}

/** Undefined means: everything. The one place that turns a role into a filter of lists. */
export function ownerFilter(actor: Actor): string | undefined {
  return isAdministrator(actor) ? undefined : actor.user.id;
}
