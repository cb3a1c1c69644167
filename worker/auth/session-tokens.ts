import { errors, jwtVerify, SignJWT } from 'jose';
import { AppError } from '../../shared/errors.ts';
import type { SessionTokens } from '../services/ports.ts';
import { toBytes } from './bytes.ts';

const issuer = 'dockup';

/** Login sessions as JWTs, HS256, that name the session as `jti`. `life` is in seconds. */
export function createSessionTokens(secret: string, life: number): SessionTokens {
  const key = toBytes(secret);
  return {
    async issue({ id, userId }, now) {
      const issuedAt = Math.floor(now / 1000);
      const token = await new SignJWT().setProtectedHeader({ alg: 'HS256' }).setIssuer(issuer).setSubject(userId).setJti(id).setIssuedAt(issuedAt).setExpirationTime(issuedAt + life).sign(key);
      return { token, expiresAt: (issuedAt + life) * 1000 };
    },
    async verify(token, now) {
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], issuer, currentDate: new Date(now), requiredClaims: ['sub', 'exp', 'jti'] });
        return { sessionId: payload.jti as string };
      } catch (cause) {
        throw new AppError(cause instanceof errors.JWTExpired ? 'token_expired' : 'invalid_token', { cause });
      }
    },
  };
}
