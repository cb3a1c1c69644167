import { z } from 'zod';
import type { InvitationRow } from '../../store/invitation-schema.ts';
import { organizationId, text, time, toTime } from '../fields.ts';

export const invitationRow = z
  .object({ id: text, organizationId: text, email: text, role: z.enum(['admin', 'member']), status: z.literal('pending'), expiresAt: time, createdAt: time, inviterId: text })
  .meta({ id: 'Invitation' });

export function toInvitationRow({ id, email, role, expiresAt, createdAt, createdBy }: InvitationRow): z.infer<typeof invitationRow> {
  return { id, organizationId, email, role, status: 'pending', expiresAt: toTime(expiresAt), createdAt: toTime(createdAt), inviterId: createdBy };
}
