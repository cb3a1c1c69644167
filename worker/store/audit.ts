import { and, asc, count, desc, eq, gt, gte, inArray, lt, notExists, sql, type Column, type SQL } from 'drizzle-orm';
import { batch, isUniqueViolation, type Db } from './db.ts';
import { auditEntries, auditLog, type AuditRow } from './audit-schema.ts';
import { users } from './schema.ts';

export async function findAuditHead({ orm }: Db): Promise<Pick<AuditRow, 'seq' | 'hash'> | undefined> {
  return orm.select({ seq: auditEntries.seq, hash: auditEntries.hash }).from(auditEntries).orderBy(desc(auditEntries.seq)).limit(1).get();
}

/** All or none. False when somebody else has written after the same row, or the same rows. */
export async function insertAuditRows(db: Db, rows: AuditRow[]): Promise<boolean> {
  try {
    await batch(db, rows.map((row) => db.orm.insert(auditEntries).values(row)));
    return true;
  } catch (error) {
    if (isUniqueViolation(error, 'audit_entries.')) return false;
    throw error;
  }
}

/** Times are ms since the epoch, `to` is not among them; `before` is a sequence number. */
interface Filter extends Record<'actor' | 'action', string | undefined>, Record<'from' | 'to' | 'before', number | undefined> {}

/** Newest first. */
export async function listAuditRows({ orm }: Db, { actor, action, from, to, before }: Filter, limit: number): Promise<AuditRow[]> {
  const where = and(
    actor === undefined ? undefined : eq(auditEntries.actor, actor),
    action === undefined ? undefined : eq(auditEntries.action, action),
    from === undefined ? undefined : gte(auditEntries.createdAt, from),
    to === undefined ? undefined : lt(auditEntries.createdAt, to),
    before === undefined ? undefined : lt(auditEntries.seq, before),
  );
  return orm.select().from(auditEntries).where(where).orderBy(desc(auditEntries.seq)).limit(limit);
}

/** Every action that there is a row of. */
export async function listAuditActions({ orm }: Db): Promise<string[]> {
  const rows = await orm.selectDistinct({ action: auditEntries.action }).from(auditEntries);
  return rows.map(({ action }) => action);
}

export interface AuditSearch extends Record<'actor' | 'email' | 'name', string | undefined>, Record<'from' | 'to', number | undefined> {
  /** Undefined: any. */
  actions: readonly string[] | undefined;
  limit: number;
  offset: number;
}

/** An entry with whom it is about as they are now: null where they are no user, or none any more. */
export interface NamedAuditRow extends Record<'email' | 'name' | 'role', string | null> {
  entry: AuditRow;
}

/** Newest first, and how many there are. `email` and `name` are contained in whatever letters. */
export async function searchAuditRows({ orm }: Db, { actor, email, name, from, to, actions, limit, offset }: AuditSearch): Promise<{ rows: NamedAuditRow[]; total: number }> {
  const nameOf = sql<string | null>`coalesce(json_extract(${auditEntries.detail}, '$.name'), json_extract(${auditEntries.detail}, '$.email'))`;
  const contains = (text: SQL | Column, part: string) => sql`instr(lower(coalesce(${text}, '')), lower(${part})) > 0`;
  const where = and(
    actor === undefined ? undefined : eq(auditEntries.actor, actor),
    email === undefined ? undefined : contains(users.email, email),
    name === undefined ? undefined : contains(nameOf, name),
    actions === undefined ? undefined : inArray(auditEntries.action, [...actions]),
    from === undefined ? undefined : gte(auditEntries.createdAt, from),
    to === undefined ? undefined : lt(auditEntries.createdAt, to),
  );
  const isActor = eq(users.id, auditEntries.actor);
  const rows = await orm.select({ entry: auditEntries, email: users.email, role: users.role, name: nameOf }).from(auditEntries).leftJoin(users, isActor).where(where).orderBy(desc(auditEntries.seq)).limit(limit).offset(offset);
  const counted = await orm.select({ total: count() }).from(auditEntries).leftJoin(users, isActor).where(where).get();
  return { rows, total: counted?.total ?? 0 };
}

/** Oldest first. */
export async function readAuditRows({ orm }: Db, after: number, limit: number): Promise<AuditRow[]> {
  return orm.select().from(auditEntries).where(gt(auditEntries.seq, after)).orderBy(asc(auditEntries.seq)).limit(limit);
}

/** Of earlier releases, as far as they are not among the entries yet. */
export async function listEarlierEntries({ orm }: Db): Promise<(typeof auditLog.$inferSelect)[]> {
  const entry = orm.select({ one: sql`1` }).from(auditEntries).where(sql`audit_entries.id = audit_log.id`);
  return orm.select().from(auditLog).where(notExists(entry)).orderBy(asc(auditLog.createdAt), asc(auditLog.id));
}
