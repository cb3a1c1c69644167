/** Pieces of Dokploy's shapes. Its times are ISO 8601 texts, its ids opaque texts, and what is not set is null. */
import { z } from 'zod';

export const text = z.string();
export const textOrNull = z.string().nullable();
export const time = z.iso.datetime();
export const flag = z.boolean();

/** What a field without a counterpart may say: that it says nothing. */
export function isNothing(value: unknown): boolean {
  return value == null || value === '' || value === false || (Array.isArray(value) && value.length === 0);
}

/** The whole instance is one organization. */
export const organizationId = 'dockup';

/** Fields that are there for those who read them and always say the same: what they stand for does not exist here, or is not kept. */
export interface Fixed<Name extends string = string, Schema extends z.ZodType = z.ZodType, Value = unknown> {
  shape: Record<Name, Schema>;
  values: Record<Name, Value>;
}

export function fixed<const Name extends string, Schema extends z.ZodType, const Value extends z.input<Schema>>(schema: Schema, value: Value, names: readonly Name[]): Fixed<Name, Schema, Value> {
  return {
    shape: Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, Schema>,
    values: Object.fromEntries(names.map((name) => [name, value])) as Record<Name, Value>,
  };
}

/** A list, also as the official command line sends one: as the text that it was given. */
export function listOf<Item extends z.ZodType>(item: Item, most: number) {
  return z.preprocess(parseText, z.array(item).max(most));
}

function parseText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    // The list says what is wrong with it.
    return value;
  }
}

export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
