import type { Scope } from '../../shared/api/auth.ts';
import { shareRoles, type ShareRole } from '../../shared/api/shares.ts';
import { isId } from '../../shared/names.ts';
import type { ListFilter, Reach, UserRow } from '../store/schema.ts';
import type { Share } from '../store/shares.ts';

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
  /** What is shared with the user, by the id of a project or an app. */
  shares: ReadonlyMap<string, ShareRole>;
}

/** A user as a statement found them. */
export interface Caller {
  user: UserRow;
  shares: readonly Share[];
}

/** On a session nothing is taken away from what the user may. */
export function actorOfUser({ user, shares }: Caller, { via, tokenId }: Pick<Actor, 'via' | 'tokenId'>): Actor {
  return { user, via, tokenId, principal: `user:${user.id}`, scopes: null, reach: null, shares: strongest(shares) };
}

/** Of what is shared with somebody more than once, directly and by teams, the role that allows most. */
export function strongest(shares: readonly Share[]): ReadonlyMap<string, ShareRole> {
  const rank = ([, role]: Share) => shareRoles.indexOf(role);
  return new Map(shares.toSorted((a, b) => rank(a) - rank(b)));
}

export function isAdministrator(actor: Actor): boolean {
  return actor.user.role !== 'member';
}

/** The one place that turns a role, and a key, into a filter of lists. */
export function listFilter(actor: Actor): ListFilter {
  const ids = [...actor.shares.keys()];
  const shared = { projects: ids.filter((id) => isId('project', id)), apps: ids.filter((id) => isId('app', id)) };
  return { ownerId: isAdministrator(actor) ? undefined : actor.user.id, shared, reach: actor.reach };
}
