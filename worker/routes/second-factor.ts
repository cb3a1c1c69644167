import { confirmTotp, createTotpSecret, proveBoth, recoveryCodes, totpSecret } from '../../shared/api/sign-in.ts';
import { defineRoute, onAdministrator, onSession } from '../route.ts';
import { beginSecondFactor, renewRecoveryCodes, switchOffSecondFactor, switchOnSecondFactor, takeSecondFactorFrom } from '../services/second-factor.ts';
import { userParams } from './params.ts';
import { networkOf } from './network.ts';
import { body, json, noContent } from './replies.ts';

const path = '/api/v1/auth/totp';
const tags = ['Auth'];

export const secondFactorRoutes = [
  defineRoute(
    onSession,
    ['password_wrong', 'too_many_attempts', 'second_factor_on'],
    {
      method: 'post',
      path,
      operationId: 'createTotpSecret',
      summary: 'Begin a second factor',
      description: 'Answers a secret for an authenticator. It counts when a code of it is confirmed; until then asking again gives another one in its place.',
      'x-no-idempotency-key': 'A secret is not kept where it was answered: asking again gives another one.',
      tags,
      request: { body: body(createTotpSecret) },
      responses: { 201: json(totpSecret, 'The secret, shown this once.') },
    },
    async (c) => c.json(await beginSecondFactor(c.get('ctx'), c.get('actor'), { password: c.req.valid('json').current_password, network: networkOf(c.var) }), 201),
  ),
  defineRoute(
    onSession,
    ['code_wrong', 'too_many_attempts', 'second_factor_on', 'second_factor_off', 'concurrent_change'],
    {
      method: 'post',
      path: `${path}/confirm`,
      operationId: 'confirmTotp',
      summary: 'Switch the second factor on, with its first code',
      'x-no-idempotency-key': 'A code is good once, and recovery codes are not kept where they were answered.',
      tags,
      request: { body: body(confirmTotp) },
      responses: { 200: json(recoveryCodes, 'Recovery codes, shown this once.') },
    },
    async (c) => c.json({ recovery_codes: await switchOnSecondFactor(c.get('ctx'), c.get('actor'), c.req.valid('json').code) }, 200),
  ),
  defineRoute(
    onSession,
    ['password_wrong', 'code_wrong', 'too_many_attempts', 'second_factor_off'],
    { method: 'delete', path, operationId: 'deleteTotp', summary: 'Switch the second factor off', tags, request: { body: body(proveBoth) }, responses: { 204: noContent } },
    async (c) => {
      await switchOffSecondFactor(c.get('ctx'), c.get('actor'), { ...c.req.valid('json'), network: networkOf(c.var) });
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onSession,
    ['password_wrong', 'code_wrong', 'too_many_attempts', 'second_factor_off'],
    {
      method: 'post',
      path: '/api/v1/auth/recovery-codes',
      operationId: 'createRecoveryCodes',
      summary: 'Get new recovery codes',
      description: 'Those before are worth nothing from then on.',
      'x-no-idempotency-key': 'A code is good once, and recovery codes are not kept where they were answered.',
      tags,
      request: { body: body(proveBoth) },
      responses: { 201: json(recoveryCodes, 'Recovery codes, shown this once.') },
    },
    async (c) => c.json({ recovery_codes: await renewRecoveryCodes(c.get('ctx'), c.get('actor'), { ...c.req.valid('json'), network: networkOf(c.var) }) }, 201),
  ),
  defineRoute(
    onAdministrator,
    ['user_not_found', 'owner_protected', 'second_factor_off'],
    {
      method: 'delete',
      path: '/api/v1/users/{userId}/totp',
      operationId: 'deleteUserTotp',
      summary: 'Take the second factor from a user who has lost it',
      description: 'They log in with the password alone from then on, and can begin another one.',
      tags: ['Users'],
      request: { params: userParams },
      responses: { 204: noContent },
    },
    async (c) => {
      await takeSecondFactorFrom(c.get('ctx'), c.get('actor'), c.req.valid('param').userId);
      return c.body(null, 204);
    },
  ),
];
