/** The tables of tags, beside those of `schema.ts`. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { projects } from './schema.ts';

export const tags = sqliteTable('tags', {
  id: text().primaryKey(),
  name: text().notNull().unique(),
  /** `#rrggbb` */
  color: text(),
  createdAt: integer().notNull(),
  updatedAt: integer().notNull(),
});

export const projectTags = sqliteTable(
  'project_tags',
  {
    projectId: text()
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    tagId: text()
      .notNull()
      .references(() => tags.id, { onDelete: 'cascade' }),
    createdAt: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.tagId] }), index('project_tags_by_tag').on(table.tagId)],
);

export type TagRow = typeof tags.$inferSelect;
