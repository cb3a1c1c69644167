import { expect, test } from 'vitest';
import { slugPattern } from '../../shared/names.ts';
import { makeSlug } from './slugs.ts';

test.each([
  ['web-p1', 'web-p1'],
  ['My Shop', 'my-shop'],
  ['Crème brûlée!', 'creme-brulee'],
  ['a.b_c', 'a-b-c'],
  ['--', 'app'],
  ['日本', 'app'],
  ['xn--bcher', 'xn-bcher'],
  ['x'.repeat(100), 'x'.repeat(33)],
  [`${'x'.repeat(32)} yz`, 'x'.repeat(32)],
])('%j becomes a slug of its own', (name, start) => {
  const slug = makeSlug(name);
  expect(slug).toMatch(slugPattern);
  expect(slug.slice(0, -7)).toBe(start);
  expect(makeSlug(name)).not.toBe(slug);
});
