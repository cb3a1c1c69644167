import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { problem } from '../../shared/api/common.ts';
import { openTestContext, presenceIf } from '../../test/support/control-plane-context.ts';
import { createApp } from '../app.ts';
import { openSession } from '../services/sessions.ts';
import { placeApp } from '../store/apps.ts';
import { insertServer } from '../store/servers.ts';
import { readAsset } from './assets.ts';
import { createExecutors } from './executors.ts';
import { listen } from './server.ts';
import { createUpgrades } from './upgrades.ts';
import { createUsageHistory } from './usage-history.ts';

test('half an upgrade (`Upgrade` without `Connection: Upgrade`) is answered with a document, whoever asks', async () => {
  const { ctx, actor, appId, close } = await openTestContext();
  const upgrades = createUpgrades();
  const executors = { ...createExecutors(upgrades, createUsageHistory(ctx.db), ctx.log).client, presence: async () => presenceIf(true) };
  const app = createApp(() => ({ ...ctx, sockets: upgrades, executors }), readAsset);
  const server = await listen({ fetch: app.fetch, offerUpgrade: upgrades.offer, bind: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo;
  const id = ctx.newId('server');
  await insertServer(ctx.db, {
    id, name: 'box', status: 'online', statusReason: null, statusSince: 0, epoch: 0, publicKey: null, enrolmentHash: null, enrolmentExpiresAt: null, executorVersion: null,
    engine: null, ingress: null, disks: null, createdAt: 0,
  });
  await placeApp(ctx.db, appId, id);

  const ask = async (headers: Record<string, string>) => {
    const outgoing = request({ port, path: `/api/v1/apps/${appId}/logs/stream`, agent: false, headers: { connection: 'close', upgrade: 'websocket', ...headers } }).end();
    // The response's own event carries nothing else.
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: reply.statusCode, type: reply.headers['content-type'], code: problem.parse(JSON.parse((await buffer(reply)).toString())).code };
  };
  const { token } = await openSession(ctx, actor.user, { how: 'password', userAgent: undefined });
  expect(await ask({})).toEqual({ status: 401, type: 'application/problem+json', code: 'unauthenticated' });
  expect(await ask({ authorization: `Bearer ${token}` })).toEqual({ status: 426, type: 'application/problem+json', code: 'upgrade_required' });
  server.close();
  await close();
});
