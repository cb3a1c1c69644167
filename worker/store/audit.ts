import type { Db } from './db.ts';
import { auditLog } from './schema.ts';

export async function insertAudit({ orm }: Db, row: typeof auditLog.$inferInsert): Promise<void> {
  await orm.insert(auditLog).values(row);
}
