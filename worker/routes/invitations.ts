import { user } from '../../shared/api/auth.ts';
import { pageQuery } from '../../shared/api/common.ts';
import { acceptInvitation as acceptBody, createdInvitation, createInvitation as createBody, invitationPage } from '../../shared/api/invitations.ts';
import { toInvitation, toUser } from '../present.ts';
import { defineRoute, onAdministrator, onPublic } from '../route.ts';
import { acceptInvitation, createInvitation, readInvitations, revokeInvitation } from '../services/invitations.ts';
import { mapPage } from '../services/pages.ts';
import { networkOf } from './network.ts';
import { invitationParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/invitations';
const tags = ['Users'];

export const invitationRoutes = [
  defineRoute(
    onAdministrator,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listInvitations', summary: 'List invitations that nobody has accepted yet', tags, request: { query: pageQuery }, responses: { 200: json(invitationPage, 'Invitations, oldest first, without their tokens.') } },
    async (c) => c.json(mapPage(await readInvitations(c.get('ctx'), c.req.valid('query')), toInvitation), 200),
  ),
  defineRoute(
    onAdministrator,
    ['email_taken', 'team_not_found'],
    {
      method: 'post',
      path,
      operationId: 'createInvitation',
      summary: 'Invite somebody',
      description: 'Answers a token, this once, that works once, for this address. No mail is sent: hand it over, or the page `/invitation#token={token}&email={email}`, where the part behind the `#` is not sent to any host. Another invitation for the same address takes the place of the one before.',
      tags,
      request: { body: body(createBody) },
      responses: { 201: json(createdInvitation, 'The invitation and its token.') },
    },
    async (c) => {
      const { row, token } = await createInvitation(c.get('ctx'), c.get('actor'), c.req.valid('json'));
      return c.json({ ...toInvitation(row), token }, 201);
    },
  ),
  defineRoute(
    onAdministrator,
    ['invitation_not_found'],
    { method: 'delete', path: `${path}/{invitationId}`, operationId: 'deleteInvitation', summary: 'Take an invitation back', tags, request: { params: invitationParams }, responses: { 204: noContent } },
    async (c) => {
      await revokeInvitation(c.get('ctx'), c.req.valid('param').invitationId);
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onPublic,
    ['invitation_invalid', 'too_many_attempts'],
    {
      method: 'post',
      path: `${path}/accept`,
      operationId: 'acceptInvitation',
      summary: 'Become a user by an invitation',
      description: 'With a password of one’s own; log in with it after that. Attempts are counted as those to log in are. A token that is unknown, used, expired or taken back, and one for another address, are refused alike.',
      'x-no-idempotency-key': 'An invitation works once.',
      tags,
      request: { body: body(acceptBody) },
      responses: { 201: json(user, 'The new user.') },
    },
    async (c) => c.json(toUser(await acceptInvitation(c.get('ctx'), c.req.valid('json'), networkOf(c.var))), 201),
  ),
];
