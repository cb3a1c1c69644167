import { and, asc, eq, gt, lte, sql, type SQL } from 'drizzle-orm';
import { batch, type Db } from './db.ts';
import { invitations, type InvitationRow } from './invitation-schema.ts';
import { teamMembers, users } from './schema.ts';

/** In the place of the one that there is for the address. */
export async function insertInvitation(db: Db, row: InvitationRow): Promise<void> {
  await batch(db, [db.orm.delete(invitations).where(eq(invitations.email, row.email)), db.orm.insert(invitations).values(row)]);
}

export async function listInvitations({ orm }: Db, { after, limit, now }: { after: string; limit: number; now: number }): Promise<InvitationRow[]> {
  return orm
    .select()
    .from(invitations)
    .where(and(gt(invitations.id, after), gt(invitations.expiresAt, now)))
    .orderBy(asc(invitations.id))
    .limit(limit);
}

export async function deleteInvitation({ orm }: Db, id: string): Promise<boolean> {
  const { rowsAffected } = await orm.delete(invitations).where(eq(invitations.id, id));
  return rowsAffected > 0;
}

export async function pruneInvitations({ orm }: Db, now: number): Promise<void> {
  await orm.delete(invitations).where(lte(invitations.expiresAt, now));
}

interface Wanted {
  hash: string;
  email: string;
  now: number;
}

/** Whoever has made it must still be one who may: an administrator who is none any more leaves no way back in. */
const isGood = ({ hash, email, now }: Wanted): SQL => sql`hash = ${hash} and email = ${email} and expires_at > ${now} and exists (select 1 from users as inviter where inviter.id = created_by and inviter.role <> 'member')`;

export async function findInvitation({ orm }: Db, wanted: Wanted): Promise<InvitationRow | undefined> {
  return orm.select().from(invitations).where(isGood(wanted)).get();
}

/** Makes the user and uses the invitation up, both or neither: of two at the same time one finds none. @throws Error when the address is taken */
export async function takeInvitation(db: Db, wanted: Wanted, { id, passwordHash }: { id: string; passwordHash: string }): Promise<boolean> {
  const { orm } = db;
  const isMade = sql`exists (select 1 from users where users.id = ${id})`;
  const [made = 0] = await batch(db, [
    orm.insert(users).select(sql`select ${id}, email, ${passwordHash}, role, grants, 0, ${wanted.now} from invitations where ${isGood(wanted)}`),
    orm.insert(teamMembers).select(sql`select teams.id, ${id}, ${wanted.now} from invitations, json_each(invitations.teams) as wanted, teams where invitations.hash = ${wanted.hash} and teams.id = wanted.value and ${isMade}`),
    orm.delete(invitations).where(and(eq(invitations.hash, wanted.hash), isMade)),
  ]);
  return made > 0;
}
