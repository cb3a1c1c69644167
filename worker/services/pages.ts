/** Cursor pages: the cursor is the id of the last entry, so a page stays right while entries come and go. */
import type { PageQuery } from '../../shared/api/common.ts';
import { AppError } from '../../shared/errors.ts';
import { isId, type IdKind } from '../../shared/names.ts';

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** Reads one entry more than asked for, to know whether there is a next page. */
export async function readPage<T extends { id: string }>(kind: IdKind, query: PageQuery, read: (cursor: string | undefined, limit: number) => Promise<T[]>): Promise<Page<T>> {
  if (query.cursor !== undefined && !isId(kind, query.cursor)) {
    throw new AppError('invalid_cursor', { errors: [{ pointer: '?cursor', code: 'invalid_cursor', detail: 'Take next_cursor of the page before.' }] });
  }
  const rows = await read(query.cursor, query.limit + 1);
  const data = rows.slice(0, query.limit);
  return { data, next_cursor: rows.length > query.limit ? (data.at(-1)?.id ?? null) : null };
}

export function mapPage<T, U>(page: Page<T>, map: (entry: T) => U): Page<U> {
  return { data: page.data.map(map), next_cursor: page.next_cursor };
}
