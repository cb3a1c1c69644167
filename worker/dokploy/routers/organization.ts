/** The instance is one organization, and every user is a member of it. */
import { z } from 'zod';
import { createInvitation as createInvitationBody } from '../../../shared/api/invitations.ts';
import { AppError } from '../../../shared/errors.ts';
import { createInvitation, readInvitations, revokeInvitation } from '../../services/invitations.ts';
import { changeUser } from '../../services/users.ts';
import { organizationId, text, textOrNull } from '../fields.ts';
import { command, mutation, query, type Router } from '../procedure.ts';
import { invitationRow, toInvitationRow } from '../rows/invitation.ts';

const nothing = z.object({});
const byId = z.object({ organizationId: text });

/** As many as one page has. */
const most = 200;

const organizationRow = z.object({ id: text, name: text, slug: textOrNull, logo: textOrNull, metadata: textOrNull, isDefault: z.boolean() });
const organization: z.infer<typeof organizationRow> = { id: organizationId, name: 'Dockup', slug: null, logo: null, metadata: null, isDefault: true };

/** @throws AppError route_not_found for any other than the one */
function requireOnly(id: string): void {
  if (id !== organizationId) throw new AppError('route_not_found', { detail: 'Organization not found' });
}

export const organizationRouter: Router = {
  all: query({ needs: 'self', input: nothing, output: z.array(organizationRow), run: () => [organization] }),
  active: query({ needs: 'self', input: nothing, output: organizationRow, run: () => organization }),
  one: query({
    needs: 'self',
    input: byId,
    output: organizationRow,
    run(_call, input) {
      requireOnly(input.organizationId);
      return organization;
    },
  }),
  setDefault: command({ needs: 'self', input: byId, run: async (_call, input) => requireOnly(input.organizationId) }),
  inviteMember: mutation({
    needs: 'admin',
    input: createInvitationBody.pick({ email: true }).extend({ role: z.enum(['admin', 'member']) }),
    output: invitationRow.extend({ token: text.meta({ description: 'What the invited person accepts with: POST /api/v1/invitations/accept. Nobody is shown it again, and no mail is sent.' }) }),
    async run({ ctx, actor }, { email, role }) {
      const { row, token } = await createInvitation(ctx, actor, createInvitationBody.parse({ email, role }));
      return { ...toInvitationRow(row), token };
    },
  }),
  allInvitations: query({ needs: 'admin', input: nothing, output: z.array(invitationRow), run: async ({ ctx }) => (await readInvitations(ctx, { limit: most })).data.map(toInvitationRow) }),
  removeInvitation: command({ needs: 'admin', input: z.object({ invitationId: text }), run: ({ ctx }, { invitationId }) => revokeInvitation(ctx, invitationId) }),
  updateMemberRole: mutation({
    needs: 'admin',
    input: z.object({ memberId: text, role: z.enum(['admin', 'member']) }),
    output: z.literal(true),
    async run({ ctx }, { memberId, role }) {
      await changeUser(ctx, memberId, { role });
      return true as const;
    },
  }),
};
