import { expect, test } from 'vitest';
import { createIds } from './ids.ts';

test('ids made within one millisecond, and while the clock goes back, are still in order', () => {
  const times = [5, 5, 5, 4, 6, 6];
  const newId = createIds(() => times.shift() ?? 6);
  const ids = Array.from({ length: 200 }, () => newId('event'));
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(200);
});
