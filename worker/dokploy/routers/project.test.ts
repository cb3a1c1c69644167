import { afterEach, beforeEach, expect, test } from 'vitest';
import { drizzle } from 'drizzle-orm/libsql';
import { openTestContext, type TestContext } from '../../../test/support/control-plane-context.ts';
import { createApiKey } from '../../services/api-keys.ts';
import { identify } from '../../services/auth.ts';
import type { Context } from '../../services/context.ts';
import { changeProject } from '../../services/projects.ts';
import { reachProject } from '../../services/access.ts';
import { addProjectTag, changeTag, createTag, removeTag } from '../../services/tags.ts';
import type { JsonText } from '../procedure.ts';
import { projectRouter } from './project.ts';

let opened: TestContext;
beforeEach(async () => {
  opened = await openTestContext();
});
afterEach(() => opened.close());

/** The same context, with a note of each statement. */
function watched(ctx: Context): { ctx: Context; statements: string[] } {
  const statements: string[] = [];
  const { client } = ctx.db;
  const noting = new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const [statement] = args as [string | { sql: string }];
        statements.push(typeof statement === 'string' ? statement : (statement?.sql ?? String(property)));
        return value.apply(target, args) as unknown;
      };
    },
  });
  return { ctx: { ...ctx, db: { client: noting, orm: drizzle(noting, { casing: 'snake_case' }) } }, statements };
}

test('project.all takes three statements at most, and writes nothing; two while nothing changes', async () => {
  const { key } = await createApiKey(opened.ctx, opened.actor.user, { name: 'k', scopes: null, projects: null, apps: null, expires_at: null });
  const { ctx, statements } = watched(opened.ctx);
  const call = async () => {
    statements.length = 0;
    const text = await projectRouter['all']?.run({ ctx, actor: await identify(ctx, key), action: 'apps:read' }, {});
    expect(statements.every((statement) => /^select\b/i.test(statement))).toBe(true);
    return { text: (text as JsonText).text, count: statements.length };
  };
  const [first, second] = [await call(), await call()];
  expect([first.count, second.count]).toEqual([3, 2]);
  expect(second.text).toBe(first.text);

  const [{ projectId }] = JSON.parse(first.text) as [{ projectId: string }];
  await changeProject(opened.ctx, await reachProject(opened.ctx, opened.actor, { id: projectId, action: 'apps:write' }), { name: 'changed' });
  const third = await call();
  expect(third.count).toBe(3);
  expect(JSON.parse(third.text)).toMatchObject([{ projectId, name: 'changed', projectTags: [] }]);

  const { id: tagId } = await createTag(opened.ctx, { name: 'customers', color: null });
  await addProjectTag(opened.ctx, await reachProject(opened.ctx, opened.actor, { id: projectId, action: 'apps:write' }), tagId);
  const counts: number[] = [];
  for (const name of ['customers', 'clients']) {
    await changeTag(opened.ctx, tagId, { name });
    const { text, count } = await call();
    counts.push(count);
    expect(JSON.parse(text)).toMatchObject([{ projectId, projectTags: [{ tagId, tag: { name } }] }]);
  }
  await removeTag(opened.ctx, tagId);
  const last = await call();
  expect(JSON.parse(last.text)).toMatchObject([{ projectId, projectTags: [] }]);
  expect([...counts, last.count]).toEqual([3, 3, 3]);
});
