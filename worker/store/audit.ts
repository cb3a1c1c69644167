import { and, asc, desc, eq, gt, gte, lt, notExists, sql } from 'drizzle-orm';
import { batch, isUniqueViolation, type Db } from './db.ts';
import { auditEntries, auditLog, type AuditRow } from './audit-schema.ts';

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

/** Oldest first. */
export async function readAuditRows({ orm }: Db, after: number, limit: number): Promise<AuditRow[]> {
  return orm.select().from(auditEntries).where(gt(auditEntries.seq, after)).orderBy(asc(auditEntries.seq)).limit(limit);
}

/** Of earlier releases, as far as they are not among the entries yet. */
export async function listEarlierEntries({ orm }: Db): Promise<(typeof auditLog.$inferSelect)[]> {
  const entry = orm.select({ one: sql`1` }).from(auditEntries).where(sql`audit_entries.id = audit_log.id`);
  return orm.select().from(auditLog).where(notExists(entry)).orderBy(asc(auditLog.createdAt), asc(auditLog.id));
}
