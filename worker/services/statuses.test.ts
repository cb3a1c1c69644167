import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { explainStop } from './statuses.ts';

let opened: TestContext;
beforeEach(async () => {
  opened = await openTestContext();
});
afterEach(() => opened.close());

test('REL-08 what a deployment has failed with is noted, also where it is cut within a character', async () => {
  const message = `${'x'.repeat(476)}💥 and more`;
  await expect(explainStop(opened.ctx, opened.appId, { code: 'container_start_failed', message, phase: 'start', exit_code: 1, oom_killed: false, last_probe: null, logs: [] })).resolves.toBeUndefined();
});
