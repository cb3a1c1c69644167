/** What a second factor is made of: codes by the time (RFC 6238) as every authenticator shows them, and recovery codes for when it is lost. */
import { Secret, TOTP } from 'otpauth';
import { sha256 } from './bytes.ts';

/** The defaults of RFC 6238, and the only ones that all authenticators know. */
const shape = { issuer: 'Dockup', algorithm: 'SHA1', digits: 6, period: 30 };

/** Steps that a clock may be ahead or behind (RFC 6238, 5.2). */
const tolerance = 1;

const recoveryCodes = 10;

/** 160 bits, the length of RFC 4226, in base32. */
export function newTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** `otpauth://totp/…`: what the QR code holds. */
export function toTotpUri(secret: string, email: string): string {
  return new TOTP({ ...shape, label: email, secret }).toString();
}

/** The time step that the code is of, `now` or next to it; null: of none. */
export function stepOf(secret: string, code: string, now: number): number | null {
  const totp = new TOTP({ ...shape, secret });
  const delta = totp.validate({ token: code, timestamp: now, window: tolerance });
  return delta === null ? null : totp.counter({ timestamp: now }) + delta;
}

/** 80 bits each, so that a hash of one cannot be guessed: `jbsw-y3dp-ehpk-3pxp`. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: recoveryCodes }, () => new Secret({ size: 10 }).base32.toLowerCase().match(/.{4}/g)?.join('-') ?? '');
}

/** As it is kept, of one user alone. */
export function hashRecoveryCode(userId: string, code: string): string {
  return sha256(JSON.stringify([userId, normalise(code)]));
}

/** Six digits, however they were spaced; null where it is something else. */
export function readTotpCode(code: string): string | null {
  const digits = normalise(code);
  return /^\d{6}$/.test(digits) ? digits : null;
}

function normalise(code: string): string {
  return code.replaceAll(/[\s-]/g, '').toLowerCase();
}
