import { expect, test } from 'vitest';
import { readLines } from './read-lines.ts';

/** Gives one piece for each read, then stays quiet or ends. */
function createBody(pieces: string[], { isEndless = false } = {}) {
  const cancelled: unknown[] = [];
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const piece = left.shift();
        if (piece !== undefined) controller.enqueue(new TextEncoder().encode(piece));
        else if (isEndless) return new Promise(() => {});
        else controller.close();
      },
      cancel: (reason) => void cancelled.push(reason),
    },
    { highWaterMark: 0 },
  );
  return { body, cancelled };
}

test('lines come as they came together, put together where a piece has cut them, and the last also without its newline', async () => {
  const { body } = createBody(['{"n":1}\n{"n":2}\n{"n"', ':3}', '\n\n\n', '{"n":4}\n\n{"n":5}']);
  const batches: string[][] = [];
  for await (const lines of readLines(body, new AbortController().signal)) batches.push(lines);
  expect(batches).toEqual([['{"n":1}', '{"n":2}'], ['{"n":3}'], ['{"n":4}'], ['{"n":5}']]);
});

test.each([0, 1])('whoever goes after %d reads ends the stream', async (reads) => {
  const { body, cancelled } = createBody(['1\n'], { isEndless: true });
  const gone = new AbortController();
  const lines = readLines(body, gone.signal);
  for (let i = 0; i < reads; i++) await lines.next();
  gone.abort();
  expect(cancelled).toHaveLength(1);
});

test('whoever goes while a read waits ends both', async () => {
  const { body, cancelled } = createBody([], { isEndless: true });
  const gone = new AbortController();
  const next = readLines(body, gone.signal).next();
  gone.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(cancelled).toHaveLength(1);
});

test('leaving the loop ends the stream, too', async () => {
  const { body, cancelled } = createBody(['1\n'], { isEndless: true });
  for await (const lines of readLines(body, new AbortController().signal)) if (lines.includes('1')) break;
  expect(cancelled).toHaveLength(1);
});
