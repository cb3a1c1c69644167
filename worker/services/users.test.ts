import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { actorOfUser } from './actor.ts';
import { changeUser, createUser, makeOwner, readUsers, removeUser } from './users.ts';

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

describe('SEC-03 the owner', () => {
  const add = (name: string, role: 'admin' | 'member' = 'admin') => createUser(opened.ctx, { email: `${name}@example.com`, password: 'correct horse battery', role, grants: [] });
  const rolesNow = async () => Object.fromEntries((await readUsers(opened.ctx, { limit: 50 })).data.map(({ id, role }) => [id, role]));

  test('hands over to one other, and goes on as an administrator; of two who are given it at the same moment one gets it', async () => {
    const { ctx, actor } = opened;
    const [one, two] = [await add('one'), await add('two', 'member')];
    const outcomes = await Promise.allSettled([one, two].map(({ id }) => makeOwner(ctx, actor, id)));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'forbidden' } });
    const roles = await rolesNow();
    expect(Object.values(roles).filter((role) => role === 'owner')).toHaveLength(1);
    expect(roles[actor.user.id]).toBe('admin');
  });

  test('is neither changed nor deleted, by nobody, and stays when there is nobody to hand over to', async () => {
    const { ctx, actor } = opened;
    const one = await add('one');
    const before = await rolesNow();
    await expect(changeUser(ctx, actor.user.id, { role: 'admin' })).rejects.toMatchObject({ code: 'owner_protected' });
    await expect(changeUser(ctx, actor.user.id, { grants: ['swagger'] })).rejects.toMatchObject({ code: 'owner_protected' });
    await expect(removeUser(ctx, actor.user.id)).rejects.toMatchObject({ code: 'owner_protected' });
    await expect(makeOwner(ctx, actor, `usr_${'0'.repeat(22)}`)).rejects.toMatchObject({ code: 'user_not_found' });
    await expect(makeOwner(ctx, actorOfUser({ user: one, shares: [] }, { via: 'session', tokenId: 'ses_1' }), one.id)).resolves.toMatchObject({ role: 'admin' });
    await expect(makeOwner(ctx, actorOfUser({ user: one, shares: [] }, { via: 'session', tokenId: 'ses_1' }), actor.user.id)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await rolesNow()).toEqual(before);
  });
});
