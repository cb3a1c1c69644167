/** The tables of the audit log, beside those of `schema.ts`: they refer to no other. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/**
 * What was done to secrets and rights, by whom. Append-only: triggers of its migration refuse to change or delete a row, and each row holds a hash over itself and the one before
 * (worker/services/audit.ts).
 */
export const auditEntries = sqliteTable(
  'audit_entries',
  {
    /** From 1 on, without a gap. */
    seq: integer().primaryKey(),
    id: text().notNull().unique(),
    /** Id of a user or a server, or `system`. No reference: a row outlives whom it is about. */
    actor: text().notNull(),
    via: text().$type<'session' | 'api_key' | 'public' | 'system'>().notNull(),
    /** Id of the key or of the session. */
    credential: text(),
    action: text().notNull(),
    /** Ids, the outer one first. */
    target: text().notNull(),
    /** `done`, or the code of an error after which it may have been done. */
    outcome: text().notNull(),
    detail: text({ mode: 'json' }).$type<Record<string, unknown>>().notNull(),
    requestId: text(),
    createdAt: integer().notNull(),
    /** Of the row before: of two who write after the same row one is refused. */
    previousHash: text().notNull().unique(),
    hash: text().notNull(),
  },
  (table) => [index('audit_entries_by_actor').on(table.actor, table.seq), index('audit_entries_by_action').on(table.action, table.seq)],
);

/** What earlier releases have written instead; each row of it becomes one of `audit_entries` when a release that has them starts. */
export const auditLog = sqliteTable('audit_log', {
  id: text().primaryKey(),
  actor: text().notNull(),
  action: text().notNull(),
  target: text().notNull(),
  createdAt: integer().notNull(),
});

export type AuditRow = typeof auditEntries.$inferSelect;
