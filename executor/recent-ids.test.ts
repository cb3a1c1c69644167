import { expect, it } from 'vitest';
import { RecentIds } from './recent-ids.ts';

it('the newest ids are known, the oldest give way', () => {
  const ids = new RecentIds<number>(3);
  for (const id of [1, 2, 2, 3, 4]) ids.add(id);
  expect([1, 2, 3, 4].filter((id) => ids.has(id))).toEqual([2, 3, 4]);
});
