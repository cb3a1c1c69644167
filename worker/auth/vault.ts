import type { Vault } from '../services/ports.ts';
import { fromBase64, randomBytes, toBase64, toBytes, toHex } from './bytes.ts';

/**
 * AES-256-GCM with a fresh 96-bit IV a text; the purpose is authenticated with it, so a sealed value moved to another row does not open.
 * Keys are derived by HKDF from the configured secret. Sealed form: `v1.<iv>.<ciphertext>`, base64.
 */
export function createVault(secret: string): Vault {
  let keys: Promise<Keys> | undefined;
  // Derived when first needed: most requests open nothing.
  const open = () => (keys ??= deriveKeys(secret));

  return {
    async seal(text, purpose) {
      const { sealing } = await open();
      const iv = randomBytes(12);
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: toBytes(purpose) }, sealing, toBytes(text));
      return `v1.${toBase64(iv)}.${toBase64(new Uint8Array(sealed))}`;
    },
    async open(sealed, purpose) {
      const [version, iv, body] = sealed.split('.');
      if (version !== 'v1' || iv === undefined || body === undefined) throw new Error('open sealed text: unknown form');
      const { sealing } = await open();
      const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: fromBase64(iv), additionalData: toBytes(purpose) }, sealing, fromBase64(body));
      return new TextDecoder().decode(text);
    },
    async fingerprint(text) {
      const { marking } = await open();
      return toHex(new Uint8Array(await crypto.subtle.sign('HMAC', marking, toBytes(text)))).slice(0, 12);
    },
  };
}

/** The two runtimes declare it under different names. */
type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

interface Keys {
  sealing: CryptoKey;
  marking: CryptoKey;
}

async function deriveKeys(secret: string): Promise<Keys> {
  const master = await crypto.subtle.importKey('raw', toBytes(secret), 'HKDF', false, ['deriveKey']);
  const hkdf = (info: string) => ({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: toBytes(info) });
  return {
    sealing: await crypto.subtle.deriveKey(hkdf('dockup vault'), master, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
    marking: await crypto.subtle.deriveKey(hkdf('dockup fingerprint'), master, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']),
  };
}
