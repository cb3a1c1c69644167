import { describe, expect, test } from 'vitest';
import { newId } from '../../shared/names.ts';
import { mapPage, readPage } from './pages.ts';

const rows = Array.from({ length: 7 }, (_, i) => ({ id: newId('app', i, new Uint8Array(13)) }));
const read = async (after = '', limit: number) => rows.filter((row) => row.id > after).slice(0, limit);

describe('pages', () => {
  test.each([1, 2, 3, 6, 7, 8])('of %i read one after the other hold every entry once, in order', async (limit) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await readPage('app', { limit, ...(cursor !== undefined && { cursor }) }, read);
      expect(page.data.length).toBeLessThanOrEqual(limit);
      seen.push(...page.data.map((row) => row.id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(rows.map((row) => row.id));
  });

  test('the last one has no cursor, also when it is full', async () => {
    expect(await readPage('app', { limit: 7 }, read)).toEqual({ data: rows, next_cursor: null });
    expect((await readPage('app', { limit: 6 }, read)).next_cursor).toBe(rows[5]?.id);
    expect(await readPage('app', { limit: 5 }, async () => [])).toEqual({ data: [], next_cursor: null });
  });

  test('a cursor of another list, or of none, is refused before anything is read', async () => {
    for (const cursor of [newId('project', 1, new Uint8Array(13)), 'nonsense', '', "' or 1=1 --"]) {
      const reading = readPage('app', { limit: 5, cursor }, () => Promise.reject(new Error('read')));
      await expect(reading).rejects.toMatchObject({ code: 'invalid_cursor', errors: [{ pointer: '?cursor' }] });
    }
  });

  test('mapping keeps the cursor', () => {
    expect(mapPage({ data: [1, 2], next_cursor: 'x' }, String)).toEqual({ data: ['1', '2'], next_cursor: 'x' });
  });
});
