import { expect, test } from 'vitest';
import { beginningOf } from './text.ts';

test.each([
  ['short', 10, 'short'],
  ['shortened', 5, 'short'],
  ['four💥', 6, 'four💥'],
  ['four💥', 5, 'four'],
  ['four\ud83d five', 9, 'four\ufffd fiv'],
])('of %j the first %i characters are %j: whole ones', (text, length, beginning) => {
  expect(beginningOf(text, length)).toBe(beginning);
});
