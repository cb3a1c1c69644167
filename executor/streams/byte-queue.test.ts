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
