import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { createSessionTokens } from './session-tokens.ts';

const secret = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const key = new TextEncoder().encode(secret);
const tokens = createSessionTokens(secret, 3600);

test('a session lives as long as it is set to', async () => {
  const now = Date.now();
  const { token, expiresAt } = await tokens.issue({ id: 'ses_1', userId: 'usr_1' }, now);
  expect(expiresAt).toBe((Math.floor(now / 1000) + 3600) * 1000);
  expect(await tokens.verify(token, Date.now())).toEqual({ sessionId: 'ses_1' });
});

test('a session that is over says so', async () => {
  const { token } = await tokens.issue({ id: 'ses_1', userId: 'usr_1' }, Date.now() - 3_601_000);
  await expect(tokens.verify(token, Date.now())).rejects.toMatchObject({ code: 'token_expired' });
});

describe('a token that this host did not issue is invalid:', () => {
  const claims = () => new SignJWT().setIssuer('dockup').setSubject('usr_1').setJti('ses_1').setIssuedAt().setExpirationTime('1h');
  const cases: [what: string, token: () => Promise<string> | string][] = [
    ['nonsense', () => 'nonsense'],
    ['three dots', () => 'a.b.c'],
    ['signed with another secret', () => claims().setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(`${secret}0`))],
    ['signed with another algorithm', () => claims().setProtectedHeader({ alg: 'HS512' }).sign(key)],
    ['not signed at all', () => new UnsecuredJWT().setIssuer('dockup').setSubject('usr_1').setJti('ses_1').setIssuedAt().setExpirationTime('1h').encode()],
    ['issued by somebody else', () => claims().setIssuer('portainer').setProtectedHeader({ alg: 'HS256' }).sign(key)],
    ['of no session, as they were before there were sessions', () => new SignJWT().setIssuer('dockup').setSubject('usr_1').setIssuedAt().setExpirationTime('1h').setProtectedHeader({ alg: 'HS256' }).sign(key)],
    ['for nobody', () => new SignJWT().setIssuer('dockup').setJti('ses_1').setIssuedAt().setExpirationTime('1h').setProtectedHeader({ alg: 'HS256' }).sign(key)],
    ['for ever', () => new SignJWT().setIssuer('dockup').setSubject('usr_1').setJti('ses_1').setIssuedAt().setProtectedHeader({ alg: 'HS256' }).sign(key)],
    ['with another subject and session than were signed', async () => {
      const [header, , signature] = (await tokens.issue({ id: 'ses_1', userId: 'usr_1' }, Date.now())).token.split('.');
      return `${header}.${Buffer.from(JSON.stringify({ iss: 'dockup', sub: 'usr_2', jti: 'ses_2', exp: 9_999_999_999 })).toString('base64url')}.${signature}`;
    }],
  ];
  test.each(cases)('%s', async (_what, token) => {
    await expect(tokens.verify(await token(), Date.now())).rejects.toMatchObject({ code: 'invalid_token' });
  });
});
