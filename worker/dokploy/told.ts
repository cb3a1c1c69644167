/** What an entry of the audit log has of a procedure: what was asked may hold secrets, so of it the ids alone. */

import { beginningOf } from '../../shared/text.ts';

/** As they are named (`id`, `projectId`) in what was asked and in the things it lists, in what was answered, and in the parts of that: what is made is answered as it is, or by its name within the reply. */
export function idsIn(asked: unknown, answered: unknown): string[] {
  const listed = fieldsOf(asked).flatMap(([, part]) => (Array.isArray(part) ? (part as unknown[]) : []));
  const things = [asked, ...listed, answered, ...fieldsOf(answered).map(([, part]) => part)];
  const ids = things.flatMap(fieldsOf).filter((field): field is [string, string] => /^id$|Id$/.test(field[0]) && typeof field[1] === 'string');
  return [...new Set(ids.map(([, id]) => beginningOf(id, 100)))];
}

export function fieldsOf(thing: unknown): [name: string, value: unknown][] {
  // Of a text these would be its characters.
  return typeof thing === 'object' && thing !== null ? Object.entries(thing) : [];
}
