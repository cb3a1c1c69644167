import { generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { server } from '../../../shared/api/servers.ts';
import { connectPath } from '../../../shared/protocol/enrolment.ts';
import { closeCodes, limits } from '../../../shared/protocol/limits.ts';
import { protocolVersion } from '../../../shared/protocol/messages.ts';
import { defaultHello, dial, enrolExecutor } from '../../support/fake-executor.ts';
import { setScene, type Plane } from './scene.ts';

export function connectionCases(plane: Plane): void {
  const readServer = (id: string) => plane().expect(200, server, plane().request('GET', `/api/v1/servers/${id}`));
  const refusal = async (token: string) => {
    const reply = await dial(plane().url, token);
    if (!('status' in reply)) throw new Error('the connection was accepted');
    // A refused upgrade is answered as every other call is.
    return { status: reply.status, code: (JSON.parse(reply.body) as { code: string }).code };
  };

  test('hello is answered with welcome and makes the server online', async () => {
    const executor = await enrolExecutor(plane());
    expect(await readServer(executor.serverId)).toMatchObject({ status: 'offline', engine: null, executor_version: null });
    const { welcome, close } = await executor.connect();
    expect(welcome).toMatchObject({ protocol: protocolVersion, server: executor.serverId, report_interval: limits.reportInterval });
    await expect.poll(() => readServer(executor.serverId), { timeout: 5_000 }).toMatchObject({ status: 'online', status_reason: null, engine: defaultHello.engine, executor_version: '0.1.0' });
    await close();
    await expect.poll(() => readServer(executor.serverId), { timeout: 5_000 }).toMatchObject({ status: 'offline' });
  });

  test('REL-01 an executor whose engine does not answer makes the server degraded, with a reason', async () => {
    const executor = await enrolExecutor(plane());
    const { close, tell } = await executor.connect({}, { engine: null });
    await expect.poll(() => readServer(executor.serverId), { timeout: 5_000 }).toMatchObject({ status: 'degraded', status_reason: 'the Docker engine does not answer' });
    await tell({ kind: 'report', at: Date.now(), engine: 'reachable', apps: [] });
    expect(await readServer(executor.serverId)).toMatchObject({ status: 'online', status_reason: null });
    await close();
  });

  test('REL-22 a newer executor is answered in the protocol that both speak', async () => {
    const executor = await enrolExecutor(plane());
    const { welcome, close } = await executor.connect({}, { protocol: protocolVersion + 7 });
    expect(welcome.protocol).toBe(protocolVersion);
    await close();
  });

  test('SEC-17 a connect token that is none is refused', async () => {
    expect(await refusal('not.a.token')).toEqual({ status: 401, code: 'invalid_token' });
    expect(await refusal(plane().credentials.api_key)).toEqual({ status: 401, code: 'invalid_token' });
  });

  test('SEC-17 a connect token signed by another key is refused', async () => {
    const executor = await enrolExecutor(plane());
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    expect(await refusal(await executor.connectToken({ key: privateKey }))).toEqual({ status: 401, code: 'invalid_token' });
  });

  test('SEC-17 a connect token for another audience, or an old one, is refused', async () => {
    const executor = await enrolExecutor(plane());
    expect(await refusal(await executor.connectToken({ audience: 'elsewhere' }))).toEqual({ status: 401, code: 'invalid_token' });
    expect(await refusal(await executor.connectToken({ issuedAt: Math.floor(Date.now() / 1000) - 600 }))).toEqual({ status: 401, code: 'invalid_token' });
  });

  test('a call to the door of executors that is no upgrade is told so', async () => {
    const executor = await enrolExecutor(plane());
    const token = await executor.connectToken();
    expect(await plane().request('GET', connectPath, { token })).toMatchObject({ status: 426, body: { code: 'upgrade_required' } });
    expect(await plane().request('GET', connectPath, { token: null })).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  test('SEC-17 revoking a server closes its socket within 5 s and refuses it from then on', async () => {
    const { executor } = await setScene(plane());
    const connection = await executor.connect();
    const began = performance.now();
    await plane().expect(200, server, plane().request('POST', `/api/v1/servers/${executor.serverId}/revoke`));
    expect(await connection.closed).toEqual({ code: closeCodes.revoked, reason: 'revoked' });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(await refusal(await executor.connectToken())).toEqual({ status: 403, code: 'server_revoked' });
    expect(await readServer(executor.serverId)).toMatchObject({ status: 'revoked' });
  });

  test('a deploy to a revoked server is refused, also for later', async () => {
    const { executor, app } = await setScene(plane());
    await plane().expect(200, server, plane().request('POST', `/api/v1/servers/${executor.serverId}/revoke`));
    for (const query of ['', '?queue=true']) {
      expect(await plane().request('POST', `/api/v1/deploy/${app.slug}${query}`)).toMatchObject({ status: 403, body: { code: 'server_revoked' } });
    }
  });

  test('deleting a server closes its socket, and nobody connects under its name again', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    expect(await plane().request('DELETE', `/api/v1/servers/${executor.serverId}`)).toMatchObject({ status: 204 });
    expect(await connection.closed).toMatchObject({ code: closeCodes.revoked });
    expect(await refusal(await executor.connectToken())).toEqual({ status: 401, code: 'invalid_token' });
  });

  test('REL-04 the newest connection wins: the other one is closed with 4409 and no longer heard', async () => {
    const { executor, app } = await setScene(plane());
    const older = await executor.connect();
    const newer = await executor.connect();
    expect(newer.welcome.epoch).toBeGreaterThan(older.welcome.epoch);
    // Sent before the close reaches this end: a message of a connection that has already lost.
    older.send({ type: 'event', seq: 1, event: { kind: 'status', app: app.id, status: 'crashed', reason: null, at: Date.now() + 60_000 } });
    expect(await older.closed).toEqual({ code: closeCodes.superseded, reason: 'a newer connection took over' });

    await newer.tell({ kind: 'status', app: app.id, status: 'running', reason: null, at: Date.now() });
    expect(await plane().getApp(app.id)).toMatchObject({ status: 'running', server_status: 'online' });
    expect(newer.isOpen()).toBe(true);
    await newer.close();
  });

  test('REL-04 a stranger cannot push a connection out: only an authenticated one counts', async () => {
    const executor = await enrolExecutor(plane());
    const connection = await executor.connect();
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    await refusal(await executor.connectToken({ key: privateKey }));
    await connection.tell({ kind: 'report', at: Date.now(), engine: 'reachable', apps: [] });
    expect(connection.isOpen()).toBe(true);
    await connection.close();
  });
}
