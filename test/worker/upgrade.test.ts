/** The door of executors inside workerd. */
import { expect, test } from 'vitest';
import { connectPath } from '../../shared/protocol/enrolment.ts';
import { server } from '../../shared/api/servers.ts';
import { callApi, fetchApi } from './api.ts';
import { enrolExecutor } from './executor.ts';

test('an enrolled executor is upgraded', async () => {
  const executor = await enrolExecutor();
  const response = await executor.dial(await executor.connectToken());
  expect(response.status).toBe(101);
  expect(response.webSocket).not.toBeNull();
});

test('SEC-17 what is refused never reaches the hub: 401, 403, 426 as problem documents', async () => {
  const executor = await enrolExecutor();
  const token = await executor.connectToken();
  const refused = async (response: Response) => ({ status: response.status, type: response.headers.get('content-type'), socket: response.webSocket });
  const problem = { type: 'application/problem+json', socket: null };

  expect(await refused(await executor.dial('no-token'))).toEqual({ status: 401, ...problem });
  expect(await refused(await fetchApi(connectPath, { headers: { authorization: `Bearer ${token}` } }))).toEqual({ status: 426, ...problem });
  await callApi('POST', `/api/v1/servers/${executor.serverId}/revoke`, { status: 200, schema: server });
  expect(await refused(await executor.dial(token))).toEqual({ status: 403, ...problem });
});
