import type { PageQuery } from '../../shared/api/common.ts';
import { insertEvent, listEvents } from '../store/apps.ts';
import type { EventRow } from '../store/schema.ts';
import type { Context } from './context.ts';
import { readPage, type Page } from './pages.ts';

interface NewEvent {
  appId: string;
  type: string;
  /** User id, or `system`. */
  actor: string;
  message: string;
  data?: Record<string, unknown>;
}

export async function recordEvent(ctx: Context, { data = {}, ...event }: NewEvent): Promise<void> {
  await insertEvent(ctx.db, { id: ctx.newId('event'), ...event, data, createdAt: ctx.clock() });
}

export function readEvents(ctx: Context, app: { id: string }, query: PageQuery): Promise<Page<EventRow>> {
  return readPage('event', query, (before, limit) => listEvents(ctx.db, app.id, { before, limit }));
}
