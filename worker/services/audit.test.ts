import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { appendAudit, chainEarlierEntries, readAuditLog, verifyAuditLog } from './audit.ts';

let opened: TestContext;
beforeEach(async () => {
  opened = await openTestContext();
});
afterEach(() => opened.close());

const fact = (target: string) => ({ actor: 'usr_1', via: 'session' as const, action: 'user.create', target });
const run = (sql: string) => opened.ctx.db.client.execute(sql);
const rows = async () => (await readAuditLog(opened.ctx, { limit: 200 })).data;

describe('the audit log', () => {
  test('is one chain, whoever writes at the same moment', async () => {
    const targets = Array.from({ length: 40 }, (_, index) => `target ${index}`);
    await Promise.all(targets.map((target) => appendAudit(opened.ctx, [fact(target)])));
    const written = (await rows()).toReversed();
    expect(written.map(({ seq }) => seq)).toEqual(targets.map((_, index) => index + 1));
    expect(new Set(written.map(({ target }) => target))).toEqual(new Set(targets));
    expect(await verifyAuditLog(opened.ctx)).toEqual({ rows: 40, brokenAt: null, head: written.at(-1)?.hash });
  });

  test('refuses to change and to delete what is in it', async () => {
    await appendAudit(opened.ctx, [fact('one'), fact('two')]);
    const before = await rows();
    await expect(run("update audit_entries set actor = 'usr_2'")).rejects.toThrow(/append-only/);
    await expect(run('delete from audit_entries where seq = 2')).rejects.toThrow(/append-only/);
    expect(await rows()).toEqual(before);
  });

  test.each([
    ['changed', "update audit_entries set actor = 'usr_2' where seq = 2", 2],
    ['given another detail', `update audit_entries set detail = '{"role":"member"}' where seq = 2`, 2],
    ['taken out', 'delete from audit_entries where seq = 2', 2],
    ['taken from the beginning', 'delete from audit_entries where seq = 1', 1],
    ['exchanged', 'update audit_entries set seq = case seq when 2 then 1003 when 3 then 1002 else seq end', 2],
  ])('tells of a row that was %s by somebody who got past the triggers', async (_what, sql, brokenAt) => {
    await appendAudit(opened.ctx, ['one', 'two', 'three'].map(fact));
    for (const name of ['audit_entries_are_not_changed', 'audit_entries_are_not_deleted']) await run(`drop trigger ${name}`);
    await run(sql);
    expect(await verifyAuditLog(opened.ctx)).toMatchObject({ rows: brokenAt - 1, brokenAt });
  });

  test('tells by its length and its head what was cut off at its end', async () => {
    await appendAudit(opened.ctx, [fact('one'), fact('two')]);
    const noted = await verifyAuditLog(opened.ctx);
    await run('drop trigger audit_entries_are_not_deleted');
    await run('delete from audit_entries where seq = 2');
    const { rows: left, head } = await verifyAuditLog(opened.ctx);
    expect(left).toBeLessThan(noted.rows);
    expect(head).not.toBe(noted.head);
  });

  test('goes on from what earlier releases have written, each of it once', async () => {
    await run("insert into audit_log (id, actor, action, target, created_at) values ('aud_2', 'usr_1', 'server.create', 'srv_1', 2), ('aud_1', 'usr_1', 'api_key.reveal', 'key_1', 1)");
    for (let start = 0; start < 2; start++) await chainEarlierEntries(opened.ctx);
    await appendAudit(opened.ctx, [fact('new')]);
    expect((await rows()).map(({ id, target, createdAt }) => [id, target, createdAt]).slice(1)).toEqual([['aud_2', 'srv_1', 2], ['aud_1', 'key_1', 1]]);
    expect(await verifyAuditLog(opened.ctx)).toMatchObject({ rows: 3, brokenAt: null });
  });

  test('is read by pages, by who and what and when', async () => {
    await appendAudit(opened.ctx, ['one', 'two', 'three'].map(fact));
    await appendAudit(opened.ctx, [{ ...fact('four'), actor: 'usr_2', action: 'user.delete' }]);
    const targets = async (query: object) => (await readAuditLog(opened.ctx, { limit: 200, ...query })).data.map(({ target }) => target);
    const first = await readAuditLog(opened.ctx, { limit: 3 });
    expect([first.data.map(({ target }) => target), first.next_cursor]).toEqual([['four', 'three', 'two'], '2']);
    expect(await targets({ cursor: '2' })).toEqual(['one']);
    expect([await targets({ actor: 'usr_2' }), await targets({ action: 'user.delete' }), await targets({ actor: 'usr_2', action: 'user.create' })]).toEqual([['four'], ['four'], []]);
    const hour = 3_600_000;
    const at = (offset: number) => new Date(Date.now() + offset).toISOString();
    expect([(await targets({ from: at(-hour), to: at(hour) })).length, (await targets({ from: at(hour) })).length, (await targets({ to: at(-hour) })).length]).toEqual([4, 0, 0]);
    await expect(readAuditLog(opened.ctx, { limit: 1, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_cursor' });
  });
});
