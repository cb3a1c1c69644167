/** SEC-01: the instance whose addresses carry no long-lived tokens. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ticket } from '../../shared/api/sockets.ts';
import { startWorld, type World } from '../support/control-plane-world.ts';
import { openSocket } from '../support/socket-client.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ DOCKUP_URL_TOKENS: 'off' });
});
afterAll(() => world?.stop());

test('SEC-01 with tokens in addresses switched off they open nothing, on no route', async () => {
  const { plane, ann, connection } = world;
  const path = `/api/v1/apps/${ann.app.slug}`;
  for (const token of [ann.key.text, ann.session]) {
    for (const address of [`${path}/logs/stream?token=${token}`, `${path}/stats/stream?token=${token}`, `${path}/exec?cmd=/bin/sh&token=${token}`]) {
      const { closed } = await openSocket({ url: plane.url, path: address });
      expect(await closed).toMatchObject({ code: 4401, reason: expect.stringMatching(/^url_token_disabled: /) });
      expect(await plane.request('GET', address, { token: null })).toMatchObject({ status: 401, body: { code: 'url_token_disabled' } });
    }
  }
  expect(connection.streams).toEqual([]);
});

test('SEC-01 a header, the subprotocol and a ticket still do', async () => {
  const { plane, ann, connection } = world;
  const path = `/api/v1/apps/${ann.app.slug}/logs/stream`;
  const { ticket: once } = await plane.expect(201, ticket, plane.request('POST', '/api/v1/ws-tickets', { token: ann.session, body: { app: ann.app.slug, action: 'logs' } }));
  const clients = [
    await openSocket({ url: plane.url, path, token: ann.key.text }),
    await openSocket({ url: plane.url, path, protocols: ['dockup.v1', `dockup.bearer.${ann.session}`] }),
    await openSocket({ url: plane.url, path: `${path}?ticket=${once}` }),
  ];
  await connection.until(() => connection.streams[2]);
  expect(connection.streams).toHaveLength(3);
  for (const client of clients) await client.close();
});
