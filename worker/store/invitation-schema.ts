/** The table of invitations, beside those of `schema.ts`. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Grant, Role } from '../../shared/api/auth.ts';
import { users } from './schema.ts';

/** Those that nobody has accepted yet (SEC-15): whoever accepts one takes it out. */
export const invitations = sqliteTable(
  'invitations',
  {
    id: text().primaryKey(),
    /** One for an address. */
    email: text().notNull().unique(),
    role: text().$type<Exclude<Role, 'owner'>>().notNull(),
    grants: text({ mode: 'json' }).$type<Grant[]>().notNull(),
    /** Ids of teams; those that are gone by then are left out. */
    teams: text({ mode: 'json' }).$type<string[]>().notNull(),
    /** SHA-256 of the token, hex. */
    hash: text().notNull().unique(),
    createdBy: text()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
  },
  (table) => [index('invitations_by_expiry').on(table.expiresAt)],
);

export type InvitationRow = typeof invitations.$inferSelect;
