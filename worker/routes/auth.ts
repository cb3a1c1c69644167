import { login, me, session } from '../../shared/api/auth.ts';
import { toTimestamp } from '../../shared/api/common.ts';
import { changePassword as changePasswordBody } from '../../shared/api/sign-in.ts';
import { toUser } from '../present.ts';
import { defineRoute, onPublic, onSession, onUser } from '../route.ts';
import { logIn } from '../services/auth.ts';
import { changePassword } from '../services/own-password.ts';
import { networkOf } from './network.ts';
import { body, json, noContent } from './replies.ts';

export const authRoutes = [
  defineRoute(
    onPublic,
    ['invalid_credentials', 'second_factor_required', 'second_factor_wrong', 'too_many_attempts'],
    {
      method: 'post',
      path: '/api/v1/auth/login',
      operationId: 'logIn',
      summary: 'Log in with e-mail address and password, and a code of the second factor',
      description: 'After 5 wrong passwords for an account from one network, or 30 for any, further ones are refused for the rest of the minute, whether right or wrong. An account with a second factor needs a `code` besides: without one the right password is answered `second_factor_required`. After 10 wrong codes for an account further ones are refused for the rest of the hour.',
      'x-no-idempotency-key': 'A session token is not kept, and logging in again does no harm.',
      tags: ['Auth'],
      request: { body: body(login) },
      responses: { 200: json(session, 'A session token.') },
    },
    async (c) => {
      const client = { network: networkOf(c.var), userAgent: c.req.header('user-agent') };
      const { token, expiresAt, user } = await logIn(c.get('ctx'), c.req.valid('json'), client);
      return c.json({ token, token_type: 'Bearer' as const, expires_at: toTimestamp(expiresAt), user: toUser(user) }, 200);
    },
  ),
  defineRoute(
    onUser,
    [],
    {
      method: 'get',
      path: '/api/v1/auth/me',
      operationId: 'getMe',
      summary: 'Who the token belongs to',
      tags: ['Auth'],
      responses: { 200: json(me, 'The caller.') },
    },
    (c) => {
      const { user, via } = c.get('actor');
      return c.json({ user: toUser(user), token: via }, 200);
    },
  ),
  defineRoute(
    onSession,
    ['password_wrong', 'too_many_attempts', 'concurrent_change'],
    {
      method: 'post',
      path: '/api/v1/auth/password',
      operationId: 'updatePassword',
      summary: 'Change your password',
      description: 'Every other session of yours ends; API keys stay.',
      'x-no-idempotency-key': 'The current password is asked for, and after the first time it is another one.',
      tags: ['Auth'],
      request: { body: body(changePasswordBody) },
      responses: { 204: noContent },
    },
    async (c) => {
      await changePassword(c.get('ctx'), c.get('actor'), { ...c.req.valid('json'), network: networkOf(c.var) });
      return c.body(null, 204);
    },
  ),
];
