import { drizzle } from 'drizzle-orm/libsql';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { smallestId } from '../../shared/names.ts';
import { openTestContext, type TestContext } from '../../test/support/control-plane-context.ts';
import { findAppById, placeApp, type AppView } from '../store/apps.ts';
import { findDeployment, insertDeployment } from '../store/deployments.ts';
import { insertEvent, listEvents } from '../store/events.ts';
import type { DeploymentRow } from '../store/schema.ts';
import { insertServer } from '../store/servers.ts';
import type { Context } from './context.ts';
import { endDeployment } from './deployments.ts';
import { followEvents, recordEvent } from './events.ts';
import { changeStatus } from './statuses.ts';
import { holderOf } from './stream-holders.ts';
import { sweep } from './sweep.ts';

const hour = 3600 * 1000;
const day = 24 * hour;

describe('the events of an app', () => {
  let now = Date.UTC(2026, 0);
  let opened: TestContext;
  let ctx: Context;
  let app: AppView;

  beforeEach(async () => {
    now = Date.UTC(2026, 0);
    opened = await openTestContext(() => now);
    ({ ctx } = opened);
    app = await reachable();
  });
  afterEach(() => opened.close());

  const reachable = async () => {
    const found = await findAppById(ctx.db, opened.appId);
    if (found === undefined) throw new Error('the app is gone');
    return found;
  };
  const followed = () => ({ app, holder: holderOf(opened.actor, ['logs']) });
  const record = (type: string) => recordEvent(ctx, { appId: app.id, type, actor: 'system', message: type });
  const types = async () => (await listEvents(ctx.db, app.id, { before: undefined, type: undefined, limit: 5_000 })).map(({ type }) => type);

  const place = async () => {
    const id = ctx.newId('server');
    await insertServer(ctx.db, {
      id, name: 'box', status: 'online', statusReason: null, statusSince: now, epoch: 0, publicKey: null, enrolmentHash: null, enrolmentExpiresAt: null, executorVersion: null,
      engine: null, ingress: null, disks: null, createdAt: now,
    });
    await placeApp(ctx.db, app.id, id);
    return id;
  };

  /** Writes one whose id was made at another time than it appears. */
  const insertMadeAt = async (time: number, type: string) => {
    const id = `${smallestId('event', time).slice(0, -1)}z`;
    await insertEvent(ctx.db, { id, appId: app.id, type, actor: 'system', message: type, data: {}, createdAt: time });
    return id;
  };

  test('REL-08 are written together with what they tell of, or neither is', async () => {
    const server = await place();
    const id = ctx.newId('deployment');
    const row: DeploymentRow = {
      id, appId: app.id, serverId: server, status: 'running', phase: 'health', image: 'nginx:alpine', imageId: null, strategy: 'start-first', rollbackOf: null, actor: 'usr_1', failure: null,
      observedAt: 0, expiresAt: now, createdAt: now, startedAt: now, finishedAt: null,
    };
    await insertDeployment(ctx.db, row);
    const stop = () => changeStatus(ctx, server, { app: app.id, status: 'stopped', reason: 'exit code 1', at: 1 });
    const end = () => endDeployment(ctx, row, { status: 'succeeded', failure: null });
    await ctx.db.client.execute(`create trigger broken before insert on events begin select raise(abort, 'no room'); end`);
    await expect(stop()).rejects.toThrow('no room');
    await expect(end()).rejects.toThrow('no room');
    expect(await reachable()).toMatchObject({ status: 'created' });
    expect(await findDeployment(ctx.db, id)).toMatchObject({ status: 'running', finishedAt: null });
    await ctx.db.client.execute('drop trigger broken');
    await stop();
    expect(await end()).toBe(true);
    // What is no change is not told.
    await stop();
    expect(await end()).toBe(false);
    expect((await types()).toSorted()).toEqual(['app.created', 'app.status', 'deployment.succeeded']);
  });

  test('are followed from now on, in the order in which they appeared, also where ids were made in another one', async () => {
    const gone = new AbortController();
    const follow = (await followEvents(ctx, followed(), undefined))(gone.signal);
    await insertMadeAt(now + 5_000, 'second.process');
    await insertMadeAt(now + 4_000, 'first.process');
    expect([(await follow.next()).value?.type, (await follow.next()).value?.type]).toEqual(['second.process', 'first.process']);
    gone.abort();
    expect(await follow.next()).toMatchObject({ done: true });
  });

  test('are resumed after any of them without gap or duplicate', async () => {
    const first = await insertMadeAt(now + 5_000, 'one');
    await insertMadeAt(now + 4_000, 'two');
    now += 10_000;
    await record('three');
    const gone = new AbortController();
    const follow = (await followEvents(ctx, followed(), first))(gone.signal);
    expect([(await follow.next()).value?.type, (await follow.next()).value?.type]).toEqual(['two', 'three']);
    gone.abort();
  });

  test('are resumed by time where the event itself has been forgotten', async () => {
    const forgotten = smallestId('event', now + 1_000);
    await insertMadeAt(now + 500, 'before');
    await insertMadeAt(now + 2_000, 'after');
    const gone = new AbortController();
    expect(await (await followEvents(ctx, followed(), forgotten))(gone.signal).next()).toMatchObject({ value: { type: 'after' } });
    gone.abort();
  });

  test('are not followed after what is no event', async () => {
    await expect(followEvents(ctx, followed(), app.id)).rejects.toMatchObject({ code: 'invalid_cursor' });
  });

  test('are announced to the hub of the app, whose silence costs nothing', async () => {
    const server = await place();
    const announced: string[][] = [];
    ctx.executors = { ...ctx.executors, announce: async (...args) => void announced.push(args) };
    await record('heard');
    ctx.executors = { ...ctx.executors, announce: () => Promise.reject(new Error('the object was reset')) };
    await record('unheard');
    expect(announced.map(([of, ofApp]) => [of, ofApp])).toEqual([[server, app.id]]);
    expect((await types()).slice(0, 2)).toEqual(['unheard', 'heard']);
  });

  test('are waited for at the hub, until the follower is gone', async () => {
    const server = await place();
    const waits: string[] = [];
    let wake = () => {};
    ctx.executors = {
      ...ctx.executors,
      awaitEvent: (of, ofApp) => {
        waits.push(`${of} ${ofApp}`);
        return new Promise((resolve) => (wake = resolve));
      },
    };
    const gone = new AbortController();
    const follow = (await followEvents(ctx, followed(), undefined))(gone.signal);
    const next = follow.next();
    await expect.poll(() => waits).toEqual([`${server} ${app.id}`]);
    await record('woken');
    wake();
    expect(await next).toMatchObject({ value: { type: 'woken' } });
    const last = follow.next();
    await expect.poll(() => waits).toHaveLength(2);
    gone.abort();
    expect(await last).toMatchObject({ done: true });
    expect(waits).toHaveLength(2);
  });

  test('SEC-03 are not told to somebody who has lost the right while they waited', async () => {
    await place();
    let wake = () => {};
    const waiting = new Promise<void>((resolve) => {
      ctx.executors = { ...ctx.executors, awaitEvent: () => new Promise((awake) => resolve(void (wake = awake))) };
    });
    const next = (await followEvents(ctx, followed(), undefined))(new AbortController().signal).next();
    await waiting;
    await ctx.db.client.execute({ sql: 'delete from sessions where id = ?', args: [opened.actor.tokenId] });
    await record('theirs no longer');
    wake();
    await expect(next).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('leave nothing on the signal of their follower, however many turns it takes', async () => {
    await place();
    const wakes: (() => void)[] = [];
    ctx.executors = { ...ctx.executors, awaitEvent: () => new Promise((resolve) => wakes.push(resolve)) };
    const gone = new AbortController();
    const [added, removed] = [vi.spyOn(gone.signal, 'addEventListener'), vi.spyOn(gone.signal, 'removeEventListener')];
    const next = (await followEvents(ctx, followed(), undefined))(gone.signal).next();
    for (let turn = 0; turn < 20; turn++) {
      await expect.poll(() => wakes.length).toBe(turn + 1);
      wakes[turn]?.();
    }
    await expect.poll(() => wakes.length).toBe(21);
    expect(added.mock.calls.length - removed.mock.calls.length).toBe(1);
    gone.abort();
    expect(await next).toMatchObject({ done: true });
    expect(added.mock.calls.length).toBe(removed.mock.calls.length);
  });

  test('end with the app', async () => {
    const follow = (await followEvents(ctx, followed(), undefined))(new AbortController().signal);
    await ctx.db.client.execute({ sql: 'delete from apps where id = ?', args: [app.id] });
    expect(await follow.next()).toMatchObject({ done: true });
  });

  test('end with the app, also where it goes while its followers are looked at', async () => {
    const remove = () => opened.ctx.db.client.execute({ sql: 'delete from apps where id = ?', args: [app.id] });
    const client = new Proxy(opened.ctx.db.client, {
      get(target, property) {
        if (property !== 'execute') return Reflect.get(target, property) as unknown;
        return async (statement: { sql: string }) => {
          if (statement.sql.includes('"sessions"')) await remove();
          return target.execute(statement);
        };
      },
    });
    ctx = { ...opened.ctx, db: { client, orm: drizzle(client, { casing: 'snake_case' }) } };
    const follow = (await followEvents(ctx, followed(), undefined))(new AbortController().signal);
    expect(await follow.next()).toMatchObject({ done: true });
    expect(await findAppById(opened.ctx.db, app.id)).toBeUndefined();
  });

  test('are forgotten after 30 days', async () => {
    await record('old');
    now += 29 * day;
    await record('young');
    now += day - hour;
    await sweep(ctx);
    expect(await types()).toContain('old');
    now += 2 * hour;
    await sweep(ctx);
    expect(await types()).toEqual(['young']);
  });

  test('are a thousand at most, the newest', async () => {
    for (let i = 0; i < 1_005; i++) await insertMadeAt(now + i, `event.${i}`);
    now += hour;
    await sweep(ctx);
    const left = await types();
    expect(left).toHaveLength(1_000);
    expect([left[0], left.at(-1)]).toEqual(['event.1004', 'event.5']);
  });

  test('are only looked for once an hour', async () => {
    await record('old');
    now += 31 * day + 60_000;
    await sweep(ctx);
    expect(await types()).toContain('old');
  });
});
