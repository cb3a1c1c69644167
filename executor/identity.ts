/** Who this executor is (SEC-17): a key pair made here, enrolled once with a single-use token. Only the public half ever leaves. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey } from 'jose';
import { z } from 'zod';
import { connectAudience, connectTokenLife, enrolPath, enrolResponse, type EnrolRequest } from '../shared/protocol/enrolment.ts';
import { writeAtomically } from './files.ts';

const identityFile = z.strictObject({
  server_id: z.string(),
  api_url: z.string(),
  private_key: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() }),
});
type IdentityFile = z.infer<typeof identityFile>;

export interface Identity {
  serverId: string;
  /** The control plane it was enrolled at. */
  apiUrl: string;
  /** A fresh proof for one connection, valid for a minute. */
  connectToken(): Promise<string>;
}

export interface EnrolOptions {
  dir: string;
  apiUrl: string;
  token: string | undefined;
  /** Posts JSON and gives the decoded answer. */
  post: (url: string, body: EnrolRequest) => Promise<{ status: number; body: unknown }>;
}

/** @returns null when this directory has not been enrolled yet */
export async function loadIdentity(dir: string): Promise<Identity | null> {
  const path = identityPath(dir);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return toIdentity(identityFile.parse(JSON.parse(text)));
}

/** @throws Error that says what to do next; never holds the token */
export async function enrol(options: EnrolOptions): Promise<Identity> {
  if (options.token === undefined) {
    throw new Error('enrol: this executor is not enrolled yet. Register a server (POST /api/v1/servers) and set DOCKUP_ENROLMENT_TOKEN to the token it answers with.');
  }
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const key = identityFile.shape.private_key.parse(await exportJWK(privateKey));
  const reply = await options.post(options.apiUrl + enrolPath, { token: options.token, public_key: { kty: key.kty, crv: key.crv, x: key.x } });
  if (reply.status >= 300) throw new Error(`enrol: ${options.apiUrl} answered ${reply.status}: ${problemDetail(reply.body)}`);
  const file: IdentityFile = { server_id: enrolResponse.parse(reply.body).server_id, api_url: options.apiUrl, private_key: key };
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  await writeAtomically(identityPath(options.dir), `${JSON.stringify(file, null, 2)}\n`);
  return toIdentity(file);
}

function identityPath(dir: string): string {
  return join(dir, 'identity.json');
}

async function toIdentity(file: IdentityFile): Promise<Identity> {
  // An OKP key is asymmetric, for which jose gives a CryptoKey and never bytes.
  const key = (await importJWK(file.private_key, 'EdDSA')) as CryptoKey;
  return { serverId: file.server_id, apiUrl: file.api_url, connectToken: () => signConnectToken(key, file.server_id) };
}

function signConnectToken(key: CryptoKey, serverId: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'EdDSA' })
    .setSubject(serverId)
    .setAudience(connectAudience)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${connectTokenLife}s`)
    .sign(key);
}

const problemBody = z.object({ detail: z.string() });

function problemDetail(body: unknown): string {
  const parsed = problemBody.safeParse(body);
  return parsed.success ? parsed.data.detail : 'no explanation';
}
