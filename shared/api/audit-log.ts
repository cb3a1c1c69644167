import { z } from 'zod';
import { idOf, pageOf, pageQuery, timestamp } from './common.ts';

const hash = (description: string) => z.string().meta({ description, example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' });
const actor = z.string().max(100).meta({ description: 'Id of the user, or of the server whose executor it was; `system` for the host itself.', example: 'usr_1k3m8v0qz9x4c7b2n5h6t0' });
const action = z.string().max(100).meta({ description: 'What was done.', example: 'api_key.reveal' });

export const auditEntry = z
  .strictObject({
    seq: z.int().meta({ description: 'Place in the log, from 1 on without a gap.', example: 17 }),
    id: idOf('audit', 'Id of the entry.'),
    time: timestamp('When it was done.'),
    actor,
    via: z.enum(['session', 'api_key', 'public', 'system']).meta({ description: 'How the actor was known; `public`: by what the request itself carried, such as a password.', example: 'session' }),
    credential: z.string().nullable().meta({ description: 'Id of the session, or of the API key.', example: 'ses_1k3m8v0qz9x4c7b2n5h6t0' }),
    action,
    target: z.string().meta({ description: 'Ids of what it was done to, the outer one first.', example: 'key_1k3m8v0qz9x4c7b2n5h6t0' }),
    outcome: z.string().meta({ description: '`done`, or the code of an error after which it may have been done all the same.', example: 'done' }),
    detail: z.record(z.string(), z.unknown()).meta({ description: 'What was asked, as far as it is no secret.', example: { role: 'admin' } }),
    request_id: z.string().nullable().meta({ description: 'The `X-Request-Id` of the reply.', example: '0b7a3c1e9d2f4a68' }),
    previous_hash: hash('`hash` of the entry before; zeros in the first.'),
    hash: hash('SHA-256 over all of the entry and `previous_hash`.'),
  })
  .meta({ id: 'AuditEntry', description: 'One thing that was done to rights, people, keys, secrets or servers.' });
export type AuditEntry = z.infer<typeof auditEntry>;
export const auditPage = pageOf(auditEntry, 'AuditPage');

export const auditQuery = z.strictObject({
  limit: pageQuery.shape.limit,
  cursor: pageQuery.shape.cursor.meta({ description: '`next_cursor` of the page before.', example: '17' }),
  actor: actor.optional(),
  action: action.optional(),
  from: timestamp('Not before this.').optional(),
  to: timestamp('Before this.').optional(),
});
export type AuditQuery = z.infer<typeof auditQuery>;

export const auditVerdict = z
  .strictObject({
    intact: z.boolean().meta({ description: 'Whether every entry fits the one before.', example: true }),
    rows: z.int().meta({ description: 'How many fit, from the first on.', example: 17 }),
    broken_at: z.int().nullable().meta({ description: 'Place of the first that does not fit, or is missing.', example: null }),
    head: hash('`hash` of the last one that fits. Keep it elsewhere: what is cut off at the end shows only in comparison.'),
  })
  .meta({ id: 'AuditVerdict', description: 'Whether the audit log is as it was written.' });
