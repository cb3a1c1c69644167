import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestContext, placeOnServer, type TestContext } from '../../test/support/control-plane-context.ts';
import { defaultHello } from '../../test/support/fake-executor.ts';
import { findServer } from '../store/servers.ts';
import { createIngest } from './ingest.ts';

let opened: TestContext;
beforeEach(async () => {
  opened = await openTestContext();
  await placeOnServer(opened);
});
afterEach(() => opened.close());

test('REL-04 the hello of a connection that a newer one has overtaken is refused, which ends it, and changes nothing', async () => {
  const { db } = opened.ctx;
  const before = await findServer(db, 'srv_1');
  const overtaken = (before?.epoch ?? 0) - 1;
  await expect(createIngest(opened.ctx).connected('srv_1', overtaken, { ...defaultHello, version: '9.9.9' })).rejects.toThrow('newer');
  expect(await findServer(db, 'srv_1')).toEqual(before);
});
