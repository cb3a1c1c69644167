/** What happened to apps: recorded, listed, followed. */
import type { EventQuery } from '../../shared/api/events.ts';
import { AppError } from '../../shared/errors.ts';
import { isId, smallestId, timeOfId } from '../../shared/names.ts';
import { describeError } from '../log.ts';
import { findAppById, type AppView } from '../store/apps.ts';
import { batch, type Statement } from '../store/db.ts';
import { findNewestEvent, insertEvent, insertEventOfChange, listEvents, listEventsAfter } from '../store/events.ts';
import type { EventRow } from '../store/schema.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';
import type { DeploymentEnd, StreamHolder } from './ports.ts';
import { requireHolder } from './stream-holders.ts';

export interface NewEvent {
  appId: string;
  type: string;
  /** User id, or `system`. */
  actor: string;
  message: string;
  data?: Record<string, unknown>;
}

export async function recordEvent(ctx: Context, told: NewEvent): Promise<void> {
  const row = newEvent(ctx, told);
  const { serverId } = await insertEvent(ctx.db, row);
  if (serverId === null) return;
  await wake(ctx, serverId, row.appId, row.id);
}

/** As a row that is not written yet. */
export function newEvent(ctx: Context, { data = {}, ...event }: NewEvent): EventRow {
  return { id: ctx.newId('event'), ...event, data, createdAt: ctx.clock() };
}

/**
 * A change and the events that tell of it, all or none: what happened and was not told would be lost (REL-08). Answers whether the statement changed
 * anything; where it did not, nothing is recorded.
 */
export async function recordChange(ctx: Context, change: Statement, { appId, serverId }: { appId: string; serverId: string }, told: readonly Omit<NewEvent, 'appId'>[]): Promise<boolean> {
  const rows = told.map((event) => newEvent(ctx, { appId, ...event }));
  // Each event is written where the statement before it has changed something: the order is what makes it true.
  const [changed = 0] = await batch(ctx.db, [change, ...rows.map((row) => insertEventOfChange(ctx.db, row))]);
  if (changed === 0) return false;
  const newest = rows.at(-1);
  if (newest !== undefined) await wake(ctx, serverId, appId, newest.id);
  return true;
}

/** Whoever follows the events of an app that has been deleted, or the log of a deployment that it had, finds out at once. */
export async function announceEnd(ctx: Context, serverId: string, appId: string): Promise<void> {
  await wake(ctx, serverId, appId, '');
  await conclude(ctx, serverId, { app: appId, deployment: null, status: 'cancelled', at: ctx.clock(), message: 'The app was deleted' });
}

/** Whoever follows the log of a deployment finds out that it has ended. Never fails: what has ended stays so, whoever hears of it. */
export async function conclude(ctx: Context, serverId: string, end: DeploymentEnd): Promise<void> {
  await ctx.executors.conclude(serverId, end).catch((cause: unknown) => ctx.log.error('tell end of deployment', { deployment: end.deployment, app: end.app, cause: describeError(cause) }));
}

/** Never fails: those who follow find what is new at their next look, also when nobody could wake them. */
async function wake(ctx: Context, serverId: string, appId: string, eventId: string): Promise<void> {
  await ctx.executors.announce(serverId, appId, eventId).catch((cause: unknown) => ctx.log.error('announce event', { app: appId, cause: describeError(cause) }));
}

export function readEvents(ctx: Context, app: { id: string }, query: EventQuery): Promise<Page<EventRow>> {
  return readPage('event', query, (before, limit) => listEvents(ctx.db, app.id, { before, type: query.type, limit }));
}

/** ms between two looks when nobody wakes us: of an app without a server, and else as a safety net. */
const pollInterval = 2_000;
const wakeTimeout = 15_000;
/** How much later than its id an event may appear: the longest that a database keeps one waiting. */
const lateness = 60_000;
const atOnce = 100;

/** Who follows the events of which app. */
export interface Followed {
  app: AppView;
  /** Who is looked at again before anything is told. */
  holder: StreamHolder;
}

/**
 * The events to come, oldest first; with `after`, beginning with the one after it. From the moment this resolves none is missed.
 * Ends when the signal aborts or the app is deleted, and throws as `requireHolder` when the app is no longer theirs to look at. @throws AppError invalid_cursor
 */
export async function followEvents(ctx: Context, followed: Followed, after: string | undefined): Promise<(signal: AbortSignal) => AsyncGenerator<EventRow>> {
  if (after !== undefined && !isId('event', after)) throw new AppError('invalid_cursor', { detail: 'Resume after the `id` of an event.' });
  const start = after ?? (await findNewestEvent(ctx.db, followed.app.id))?.id ?? smallestId('event', 0);
  return (signal) => follow(ctx, followed, start, signal);
}

async function* follow(ctx: Context, { app: { id }, holder }: Followed, start: string, signal: AbortSignal): AsyncGenerator<EventRow> {
  for (let after = start; !signal.aborted; ) {
    const [look] = await Promise.allSettled([requireHolder(ctx, holder, id)]);
    // Looked for after that: who is refused because the app has just been deleted sees its end, as everybody.
    const app = await findAppById(ctx.db, id);
    if (app === undefined) return;
    if (look.status === 'rejected') throw look.reason;
    const floor = smallestId('event', Math.max(0, timeOfId(after) - lateness));
    const events = await listEventsAfter(ctx.db, id, { after, floor, limit: atOnce });
    yield* events;
    after = events.at(-1)?.id ?? after;
    if (events.length === 0) await orAborted(nextEvent(ctx, app, after), signal);
  }
}

async function nextEvent({ executors }: Context, { id, serverId }: AppView, after: string): Promise<void> {
  if (serverId === null) return sleep(pollInterval);
  // A hub that cannot be asked is no reason to stop looking.
  await executors.awaitEvent(serverId, id, after, wakeTimeout).catch(() => sleep(pollInterval));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves with `task`, or as soon as the signal aborts. A follower takes many turns under one signal, so none leaves a listener on it. */
async function orAborted(task: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  await Promise.race([task, promise]).finally(() => signal.removeEventListener('abort', stop));
}
