import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { heldMemory } from '../test/support/held-memory.ts';
import { anySignal } from './any-signal.ts';

/** What is held by nobody is gone after it. */
const collect = heldMemory;

it('a deadline that nobody else holds ends what was made of it, whenever the collector comes', async () => {
  const cancelled = new AbortController();
  const quiet = anySignal(cancelled.signal, AbortSignal.timeout(50));
  const nested = anySignal(quiet, AbortSignal.timeout(60_000));
  const { promise: isTold, resolve } = Promise.withResolvers<void>();
  anySignal(cancelled.signal, AbortSignal.timeout(50)).addEventListener('abort', () => resolve());
  await sleep(0);
  collect();
  await sleep(100);
  await sleep(0);
  collect();
  expect([quiet.aborted, nested.aborted]).toEqual([true, true]);
  expect(quiet.reason).toMatchObject({ name: 'TimeoutError' });
  await isTold;
});

it('ends with any of them, and with its reason', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const signal = anySignal(first.signal, second.signal);
  expect(signal.aborted).toBe(false);
  second.abort('enough');
  expect([signal.aborted, signal.reason]).toEqual([true, 'enough']);
});
