/** `*.search`: rows whose texts contain what is asked for, in whatever letters, a page at a time. */
import { z } from 'zod';

export const searchFields = {
  q: z.string().optional().meta({ description: 'Contained in any of the fields.' }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  offset: z.coerce.number().int().min(0).default(0),
};

export function searchPage<Row extends z.ZodType>(row: Row) {
  return z.object({ items: z.array(row), total: z.number() });
}

type Wanted = { q?: string | undefined; limit: number; offset: number } & Record<string, unknown>;

/** Each field of `wanted` that rows have too has to be contained in theirs; `q` in any of their texts. */
export function pageOf<Row extends Record<string, unknown>>(rows: readonly Row[], { q, limit, offset, ...fields }: Wanted): { items: Row[]; total: number } {
  const found = rows.filter((row) => {
    const isMatch = Object.entries(fields).every(([name, part]) => part === undefined || contains(row[name], part));
    return isMatch && (q === undefined || Object.values(row).some((value) => contains(value, q)));
  });
  return { items: found.slice(offset, offset + limit), total: found.length };
}

function contains(value: unknown, part: unknown): boolean {
  return typeof value === 'string' && value.toLowerCase().includes(String(part).toLowerCase());
}
