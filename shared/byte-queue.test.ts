import { expect, it } from 'vitest';
import { ByteQueue } from './byte-queue.ts';

it('gives out what was put in, in order, in pieces of any size', () => {
  const queue = new ByteQueue();
  const whole = Buffer.from(Array.from({ length: 5_000 }, (_, at) => at % 251));
  const taken: Buffer[] = [];
  for (let at = 0, turn = 1; at < whole.length; turn++) {
    const length = (turn * 37) % 400;
    queue.push(whole.subarray(at, at + length));
    at += length;
    if (turn % 3 === 0) taken.push(Buffer.from(queue.take((turn * 53) % 700)));
  }
  while (queue.length > 0) taken.push(Buffer.from(queue.take(7)));
  expect(Buffer.concat(taken)).toEqual(whole);
  expect(queue.take(10)).toHaveLength(0);
});

it('small writes lie together: a quarter of a million of them leave in a handful of pieces, also when the first are taken one by one', () => {
  const queue = new ByteQueue();
  const whole = Buffer.from(Array.from({ length: 262_144 }, (_, at) => at % 251));
  for (let at = 0; at < whole.length; at++) queue.push(whole.subarray(at, at + 1));
  expect(queue.pieces).toBeLessThanOrEqual(16);
  const taken: Buffer[] = [];
  while (queue.length > 200_000) taken.push(Buffer.from(queue.take(1)));
  while (queue.length > 0) taken.push(Buffer.from(queue.take(65_536)));
  expect(Buffer.concat(taken).equals(whole)).toBe(true);
});

it('what was taken stays as it was, whatever is written afterwards', () => {
  const queue = new ByteQueue();
  for (const text of ['a', 'b', 'c']) queue.push(Buffer.from(text));
  const taken = queue.take(2);
  for (const text of ['d', 'e']) queue.push(Buffer.from(text));
  expect([taken, queue.take(9)].map((bytes) => Buffer.from(bytes).toString())).toEqual(['ab', 'cde']);
});
