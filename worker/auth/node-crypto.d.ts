/** The one function of `node:crypto` the control plane uses; workerd has it under `nodejs_compat`, Node natively. WebCrypto has no scrypt. */
declare module 'node:crypto' {
  export function scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    length: number,
    options: { N: number; r: number; p: number; maxmem: number },
    callback: (error: Error | null, key: Uint8Array) => void,
  ): void;
}
