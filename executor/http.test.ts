import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { createClosingAgent } from './http.ts';

it('an agent is printed without its connections, however closely', async () => {
  const agent = createClosingAgent();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const request = get({ agent, port, host: '127.0.0.1' });
  request.on('error', () => undefined);
  await once(server, 'request');
  expect(Object.values(agent.sockets).flat()).toHaveLength(1);
  expect(inspect({ agent }, { showHidden: true, depth: null })).toBe('{ agent: Agent }');
  request.destroy();
  server.close();
});
