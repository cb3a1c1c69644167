import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MinuteUsage } from '../../shared/protocol/usage.ts';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { createUsageHistory } from './usage-history.ts';

const now = Date.UTC(2026, 0);
const minute = now / 60_000;
const week = 7 * 24 * 60;

const usage = (app: string, cpu = 1): MinuteUsage => ({ app, cpu: [cpu, cpu * 2], memory: [64, 70.5], network: [10, 20], block: [30, 40] });

describe('the history of usage in the database', () => {
  let clock = now;
  let opened: TestContext;
  let history: ReturnType<typeof createUsageHistory>;

  beforeEach(async () => {
    clock = now;
    opened = await openTestContext();
    history = createUsageHistory(opened.ctx.db, () => clock);
  });
  afterEach(() => opened.close());

  const rows = async () => (await opened.ctx.db.client.execute('select minute from usage_history order by minute')).rows.map((row) => Number(row[0]) - minute);

  test('is of one app, oldest first, and a gap stays a gap', async () => {
    await history.put('srv_1', minute - 3, [usage('app_1', 3), usage('app_2', 30)]);
    await history.put('srv_1', minute - 1, [usage('app_2', 10), usage('app_1', 1)]);
    await history.put('srv_1', minute - 2, [usage('app_2', 20)]);
    expect(await history.read('srv_1', 'app_1', minute - 60)).toEqual([
      { minute: minute - 3, cpu: [3, 6], memory: [64, 70.5], network: [10, 20], block: [30, 40] },
      { minute: minute - 1, cpu: [1, 2], memory: [64, 70.5], network: [10, 20], block: [30, 40] },
    ]);
    expect((await history.read('srv_1', 'app_2', minute - 2)).map((point) => point.cpu[0])).toEqual([20, 10]);
  });

  test('SEC-17 of an app on one server holds nothing that another server tells of it', async () => {
    await history.put('srv_2', minute, [usage('app_1', 99)]);
    expect(await history.read('srv_1', 'app_1', 0)).toEqual([]);
  });

  test('REL-06 of a minute that is told again is what was told last', async () => {
    await history.put('srv_1', minute, [usage('app_1', 1)]);
    await history.put('srv_1', minute, [usage('app_1', 2)]);
    expect((await history.read('srv_1', 'app_1', 0)).map((point) => point.cpu[0])).toEqual([2]);
  });

  test('goes back seven days, and what is older goes once an hour, also of servers that are gone', async () => {
    await history.put('srv_gone', minute - week - 1, [usage('app_0')]);
    await history.put('srv_1', minute - week - 2, [usage('app_1')]);
    await history.put('srv_1', minute - week + 1, [usage('app_1')]);
    await history.put('srv_1', minute - 1, [usage('app_1')]);
    expect(await rows()).toEqual([-week - 2, -week - 1, -week + 1, -1]);
    expect((await history.read('srv_1', 'app_1', 0)).map((point) => point.minute - minute)).toEqual([-week + 1, -1]);
    await history.put('srv_1', minute, [usage('app_1')]);
    expect(await rows()).toEqual([-week + 1, -1, 0]);
  });

  test('of a server goes with it, and no other', async () => {
    await history.put('srv_1', minute - 1, [usage('app_1')]);
    await history.put('srv_2', minute, [usage('app_2')]);
    await history.drop('srv_1');
    expect(await rows()).toEqual([0]);
  });
});
