import { scrypt } from 'node:crypto';
import type { Passwords } from '../services/ports.ts';
import { fromBase64, isEqual, randomBytes, toBase64, toBytes } from './bytes.ts';

/** 2^15, 8, 1: about 70 ms, 32 MB; below the cap of 2^20 that Cloudflare puts on N * r * p. The parameters stand in the hash, so they can grow. */
const cost = { N: 32_768, r: 8, p: 1 };
const keyLength = 32;

/** Verified in place of a hash that is not there. */
const decoy = `scrypt$${cost.N}$${cost.r}$${cost.p}$${toBase64(new Uint8Array(16))}$${toBase64(new Uint8Array(keyLength))}`;

interface Cost {
  N: number;
  r: number;
  p: number;
}

export function createPasswords(): Passwords {
  return {
    async hash(password) {
      const salt = randomBytes(16);
      const key = await derive(password, salt, cost);
      return `scrypt$${cost.N}$${cost.r}$${cost.p}$${toBase64(salt)}$${toBase64(key)}`;
    },
    async verify(password, hash) {
      const [scheme, N, r, p, salt, key] = (hash ?? decoy).split('$');
      if (scheme !== 'scrypt' || salt === undefined || key === undefined) return false;
      const derived = await derive(password, fromBase64(salt), { N: Number(N), r: Number(r), p: Number(p) });
      return isEqual(derived, fromBase64(key)) && hash !== undefined;
    },
  };
}

function derive(password: string, salt: Uint8Array, { N, r, p }: Cost): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    scrypt(toBytes(password.normalize('NFKC')), salt, keyLength, { N, r, p, maxmem: 256 * N * r }, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
