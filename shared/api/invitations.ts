import { z } from 'zod';
import { createUser } from './auth.ts';
import { idOf, pageOf, timestamp } from './common.ts';

const { email, password } = createUser.shape;
const role = createUser.shape.role.unwrap();
const grants = createUser.shape.grants.unwrap();
const teams = z.array(idOf('team', 'A team.')).max(100).meta({ description: 'Teams that the user is put into.', example: [] });

const fields = {
  id: idOf('invitation', 'Id of the invitation.'),
  email,
  role,
  grants,
  teams,
  created_by: idOf('user', 'The administrator who invites.'),
  created_at: timestamp('When it was made.'),
  expires_at: timestamp('When it stops working.'),
};

export const invitation = z.strictObject(fields).meta({ id: 'Invitation', description: 'An invitation that nobody has accepted yet, without its token.' });
export type Invitation = z.infer<typeof invitation>;
export const invitationPage = pageOf(invitation, 'InvitationPage');

const token = z.string().max(100).meta({ description: 'What the invited person accepts with, and nobody is shown again.', example: 'dki_4f9a1c…' });
export const createdInvitation = z.strictObject({ ...fields, token }).meta({ id: 'CreatedInvitation', description: 'A new invitation with its token.' });

export const createInvitation = z
  .strictObject({
    email,
    role: role.default('member'),
    grants: grants.default([]),
    teams: teams.default([]),
    expires_in_hours: z.int().min(1).max(72).default(72).meta({ description: 'How long it can be accepted.', example: 72 }),
  })
  .meta({ id: 'CreateInvitation' });
export type CreateInvitation = z.infer<typeof createInvitation>;

export const acceptInvitation = z
  .strictObject({ token, email: z.string().max(254).meta({ description: 'The address that was invited.', example: 'ann@example.com' }), password })
  .meta({ id: 'AcceptInvitation' });
export type AcceptInvitation = z.infer<typeof acceptInvitation>;
