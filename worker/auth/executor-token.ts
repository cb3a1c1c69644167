/** The proof an executor sends with each connection; shared/protocol/enrolment.ts describes it. */
import { decodeJwt, importJWK, jwtVerify } from 'jose';
import { AppError } from '../../shared/errors.ts';
import { isId } from '../../shared/names.ts';
import { connectAudience, connectTokenLife } from '../../shared/protocol/enrolment.ts';

/** Who the token says it is, not yet proven: only good for looking up the key. */
export function readClaimedServer(token: string): string {
  try {
    const { sub } = decodeJwt(token);
    if (sub !== undefined && isId('server', sub)) return sub;
  } catch {
    // Falls through to the one answer for every token that is not one.
  }
  throw new AppError('invalid_token', { detail: 'The connect token is not one of an executor.' });
}

/** @throws AppError invalid_token */
export async function verifyExecutorToken(token: string, serverId: string, publicKey: string): Promise<void> {
  try {
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: publicKey }, 'EdDSA');
    await jwtVerify(token, key, {
      algorithms: ['EdDSA'],
      audience: connectAudience,
      subject: serverId,
      maxTokenAge: connectTokenLife,
      clockTolerance: 60,
      requiredClaims: ['iat', 'exp', 'jti'],
    });
  } catch (cause) {
    throw new AppError('invalid_token', { detail: 'The connect token does not verify: is the clock of the host right?', cause });
  }
}
