import { Context } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../shared/errors.ts';
import { eventStream, heartbeatInterval, type ServerSentEvent } from './event-stream.ts';
import { lineEvents, toLogEvent } from './line-events.ts';

const answers = new Context(new Request('http://dockup.test/'));
const never = new Promise<never>(() => {});

function read(start: Parameters<typeof eventStream>[1]) {
  const reader = eventStream(answers, start).body!.pipeThrough(new TextDecoderStream()).getReader();
  return { next: async () => (await reader.read()).value, cancel: () => reader.cancel() };
}

describe('a stream of events', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('says something at once, then each event with what it has', async () => {
    const { next } = read(async function* () {
      yield [{ data: '{"a":1}', id: 'c1.1' }];
      yield [{ data: '{"dropped":2}', event: 'dropped' }];
    });
    expect([await next(), await next(), await next(), await next()]).toEqual(['retry: 3000\n\n', 'id: c1.1\ndata: {"a":1}\n\n', 'event: dropped\ndata: {"dropped":2}\n\n', undefined]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('events that came together are written together', async () => {
    const { next } = read(async function* () {
      yield [{ data: '1', id: 'a' }, { data: '2' }];
    });
    expect([await next(), await next(), await next()]).toEqual(['retry: 3000\n\n', 'id: a\ndata: 1\n\ndata: 2\n\n', undefined]);
  });

  test('a quiet stream gives a sign of life, and loses no event by it', async () => {
    let tell = (_event: ServerSentEvent) => {};
    const { next, cancel } = read(async function* () {
      yield [await new Promise<ServerSentEvent>((resolve) => (tell = resolve))];
      yield await never;
    });
    await next();
    const quiet = next();
    await vi.advanceTimersByTimeAsync(heartbeatInterval);
    expect(await quiet).toBe(':\n\n');
    tell({ data: 'late' });
    expect(await next()).toBe('data: late\n\n');
    await cancel();
  });

  test('a failure is the last event; what is private of it stays private', async () => {
    const failing = (error: Error) =>
      read(async function* () {
        yield await Promise.reject<ServerSentEvent[]>(error);
      });
    const known = failing(new AppError('executor_lost', { detail: 'The link broke.', cause: 'secret' }));
    await known.next();
    expect([await known.next(), await known.next()]).toEqual(['event: failure\ndata: {"code":"executor_lost","detail":"The link broke."}\n\n', undefined]);
    const unknown = failing(new Error('secret'));
    await unknown.next();
    expect(await unknown.next()).toBe('event: failure\ndata: {"code":"internal_error","detail":"Something went wrong on our side"}\n\n');
  });

  test('whoever tells is told when the client is gone', async () => {
    let told: AbortSignal | undefined;
    const { next, cancel } = read(async function* (signal) {
      told = signal;
      yield [{ data: 'x' }];
      yield await never;
    });
    await next();
    await next();
    expect(told?.aborted).toBe(false);
    await cancel();
    expect(told?.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([0, 1])('a client that goes after %d reads ends the stream of the executor behind it', async (reads) => {
    let isCancelled = false;
    const lines = new ReadableStream<Uint8Array>({ cancel: () => void (isCancelled = true) }, { highWaterMark: 0 });
    const reader = eventStream(answers, lineEvents(lines, toLogEvent)).body!.getReader();
    for (let i = 0; i < reads; i++) await reader.read();
    await reader.cancel();
    expect(isCancelled).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('lines of a log are events: with their cursor, or telling that some were dropped', () => {
    const line = '{"time":"2026-11-22T18:50:28.123456789Z","stream":"stdout","text":"\\",\\"cursor\\":\\"other","cursor":"c1.x.1","deployment":"dep_1"}';
    expect(toLogEvent(line)).toEqual({ data: line, id: 'c1.x.1' });
    expect(toLogEvent('{"dropped":3}')).toEqual({ data: '{"dropped":3}', event: 'dropped' });
  });
});
