import { z } from 'zod';
import { searchAuditLog } from '../../services/audit.ts';
import { text } from '../fields.ts';
import { query, type Router } from '../procedure.ts';
import { auditRow, toAuditRow, toWords } from '../rows/audit-log.ts';

const day = z.iso.datetime({ offset: true }).or(z.iso.date()).optional();

const wanted = z.object({
  userId: text.optional(),
  userEmail: text.optional().meta({ description: 'Contained in the address.' }),
  resourceName: text.optional().meta({ description: 'Contained in the name.' }),
  action: z.enum(['create', 'update', 'delete', 'deploy', 'cancel', 'redeploy', 'login', 'logout']).optional(),
  resourceType: z
    .enum(['project', 'service', 'environment', 'deployment', 'user', 'customRole', 'domain', 'certificate', 'registry', 'server', 'sshKey', 'gitProvider', 'notification', 'settings', 'session'])
    .optional(),
  from: day.meta({ description: 'Not before this.' }),
  to: day.meta({ description: 'Not after this.' }),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  offset: z.coerce.number().int().min(0).default(0),
});

export const auditLogRouter: Router = {
  all: query({
    needs: 'admin',
    input: wanted,
    output: z.object({ logs: z.array(auditRow).meta({ description: 'Newest first.' }), total: z.number() }),
    async run({ ctx }, { userId, userEmail, resourceName, action, resourceType, from, to, limit, offset }) {
      const isWanted = (told: string) => {
        const words = toWords(told);
        return (action ?? words.action) === words.action && (resourceType ?? words.resourceType) === words.resourceType;
      };
      const { rows, total } = await searchAuditLog(ctx, {
        // A text without anything is none, as Dokploy has it.
        actor: userId || undefined,
        email: userEmail || undefined,
        name: resourceName || undefined,
        isWanted: action === undefined && resourceType === undefined ? undefined : isWanted,
        from: from === undefined ? undefined : Date.parse(from),
        to: to === undefined ? undefined : Date.parse(to) + 1,
        limit,
        offset,
      });
      return { logs: rows.map(toAuditRow), total };
    },
  }),
};
