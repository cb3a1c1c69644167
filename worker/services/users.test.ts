import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { createUser, readUsers, removeUser } from './users.ts';

let opened: TestContext;
beforeEach(async () => {
  opened = await openTestContext();
});
afterEach(() => opened.close());

test('of administrators who delete each other at the same moment one stays', async () => {
  const { ctx } = opened;
  const rivals = await Promise.all(['one', 'two'].map((name) => createUser(ctx, { email: `${name}@example.com`, password: 'correct horse battery', role: 'admin', grants: [] })));
  await ctx.db.client.execute(`update users set role = 'member' where id not in ('${rivals.map(({ id }) => id).join("', '")}')`);

  const outcomes = await Promise.allSettled(rivals.map(({ id }) => removeUser(ctx, id)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'last_administrator' } });
  const { data } = await readUsers(ctx, { limit: 50 });
  expect(data.filter(({ role }) => role === 'admin')).toHaveLength(1);
});
