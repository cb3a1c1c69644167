import { exportJWK, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { createdServer } from '../../../shared/api/servers.ts';
import { enrolPath } from '../../../shared/protocol/enrolment.ts';
import { enrolExecutor } from '../../support/fake-executor.ts';
import type { Plane } from './scene.ts';

export function enrolmentCases(plane: Plane): void {
  const register = () => plane().expect(201, createdServer, plane().request('POST', '/api/v1/servers', { body: { name: 'box' } }));
  const enrol = async (token: string) => {
    const { kty, crv, x } = await exportJWK((await generateKeyPair('EdDSA', { crv: 'Ed25519' })).publicKey);
    return plane().request('POST', enrolPath, { token: null, body: { token, public_key: { kty, crv, x } } });
  };

  test('SEC-17 an enrolment token works once', async () => {
    const { id, enrolment_token } = await register();
    expect(await enrol(enrolment_token)).toMatchObject({ status: 201, body: { server_id: id, name: 'box' } });
    expect(await enrol(enrolment_token)).toMatchObject({ status: 401, body: { code: 'enrolment_token_invalid' } });
  });

  test('SEC-17 of two executors that race for a token one gets it', async () => {
    const { enrolment_token } = await register();
    const replies = await Promise.all([enrol(enrolment_token), enrol(enrolment_token), enrol(enrolment_token)]);
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 401, 401]);
  });

  test('SEC-17 an enrolment token lives 15 minutes', async () => {
    const { id, enrolment_token, enrolment_expires_at, created_at } = await register();
    expect(Date.parse(enrolment_expires_at) - Date.parse(created_at)).toBe(15 * 60_000);
    await plane().database.execute({ sql: 'update servers set enrolment_expires_at = ? where id = ?', args: [Date.now() - 1, id] });
    expect(await enrol(enrolment_token)).toMatchObject({ status: 401, body: { code: 'enrolment_token_invalid' } });
  });

  test('SEC-17 a token nobody gave out enrols nobody', async () => {
    expect(await enrol(`dke_${'0'.repeat(48)}`)).toMatchObject({ status: 401, body: { code: 'enrolment_token_invalid' } });
  });

  test('SEC-17 a revoked server cannot be enrolled with the token it was given', async () => {
    const { id, enrolment_token } = await register();
    await plane().request('POST', `/api/v1/servers/${id}/revoke`);
    expect(await enrol(enrolment_token)).toMatchObject({ status: 401, body: { code: 'enrolment_token_invalid' } });
  });

  test('SEC-17 the database holds neither the enrolment token nor a key that could connect', async () => {
    const { enrolment_token } = await register();
    const { serverId } = await enrolExecutor(plane());
    const { rows } = await plane().database.execute('select * from servers');
    expect(JSON.stringify(rows)).not.toContain(enrolment_token);
    // 32 bytes of an Ed25519 public key, base64url: the private half never crossed the wire.
    expect(rows.find((row) => row['id'] === serverId)?.['public_key']).toMatch(/^[\w-]{43}$/);
  });
}
