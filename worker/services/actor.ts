import type { Scope } from '../../shared/api/auth.ts';
import type { ListFilter, Reach, UserRow } from '../store/schema.ts';

/** Who is asking, and by which kind of token. */
export interface Actor {
  user: UserRow;
  via: 'session' | 'api_key';
  /** Id of the session, or of the key. */
  tokenId: string;
  /** Whom requests are counted for: the key, or the user on a session. */
  principal: string;
  /** What the API key may do; null: all that its owner may. */
  scopes: readonly Scope[] | null;
  /** The only things that the API key reaches; null: all that its owner reaches. */
  reach: Reach | null;
}

/** On a session nothing is taken away from what the user may. */
export function actorOfUser(user: UserRow, { via, tokenId }: Pick<Actor, 'via' | 'tokenId'>): Actor {
  return { user, via, tokenId, principal: `user:${user.id}`, scopes: null, reach: null };
}

export function isAdministrator(actor: Actor): boolean {
  return actor.user.role === 'admin';
}

/** The one place that turns a role, and a key, into a filter of lists. */
export function listFilter(actor: Actor): ListFilter {
  return { ownerId: isAdministrator(actor) ? undefined : actor.user.id, reach: actor.reach };
}
