import { beforeEach, describe, expect, it, vi } from 'vitest';
import { makeStreamHandlers } from '../../test/support/handlers.ts';
import { decodeFrame, encodeFrame, type Frame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { ExecutorMessage } from '../../shared/protocol/messages.ts';
import { createLog } from '../log.ts';
import type { ExecutorStream } from './stream.ts';
import { Streams } from './streams.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('REL-27 numbered frames', () => {
  let frames: Frame[];
  let told: ExecutorMessage[];
  beforeEach(() => {
    frames = [];
    told = [];
  });

  /** One stream on a connection of that version of the protocol, as its handler sees it and as its hub does. */
  function openStream(protocol: number): { stream: ExecutorStream; input: (number: number) => void; mark: (number: number) => void } {
    const opened: ExecutorStream[] = [];
    const streams = new Streams({
      handlers: makeStreamHandlers({
        stats: (_params, stream) => {
          opened.push(stream);
          return new Promise(() => undefined);
        },
      }),
      log: createLog(() => undefined),
      carrier: { send: (message) => told.push(message), sendFrame: (encoded) => frames.push(decodeFrame(encoded) as Frame), backlog: () => 0 },
      protocol,
    });
    streams.take({ type: 'open', stream: 1, kind: 'stats', params: { app: 'a' }, credit: 1_000 });
    const [stream] = opened;
    if (stream === undefined) throw new Error('the stream was not opened');
    return {
      stream,
      input: (number) => void streams.receive(encodeFrame({ kind: 'data', stream: 1, bytes: bytesOf(`rm ${number}`), number })),
      mark: (number) => void streams.receive(encodeFrame({ kind: 'mark', stream: 1, number })),
    };
  }

  it.each([
    [2, [undefined, undefined]],
    [3, [0, 1]],
  ])('go to a hub that knows them: version %i', async (protocol, numbers) => {
    const { stream } = openStream(protocol);
    for (const part of ['one', 'two']) {
      stream.write(bytesOf(part));
      await settle();
    }
    expect(frames.map((frame) => (frame.kind === 'data' ? frame.number : frame.kind))).toEqual(numbers);
  });

  it.each([
    ['is missing', [0, 2]],
    ['comes twice', [0, 0]],
  ])('end a stream of whose input one %s; nothing that came after is handed on', async (_how, numbers) => {
    const { stream, input } = openStream(3);
    const taken: string[] = [];
    stream.onInput((bytes) => Promise.resolve(void taken.push(new TextDecoder().decode(bytes))));
    for (const number of numbers) {
      input(number);
      await settle();
    }
    expect(taken).toEqual(['rm 0']);
    expect(told.at(-1)).toEqual({ type: 'close', stream: 1, code: 'executor_lost', message: 'Frames of input were lost or doubled on the way.' });
    expect(stream.signal.aborted).toBe(true);
  });

  it('the last one of which is missing end a stream that has become quiet, by the mark that follows', async () => {
    const { stream, input, mark } = openStream(3);
    const taken: string[] = [];
    stream.onInput((bytes) => Promise.resolve(void taken.push(new TextDecoder().decode(bytes))));
    mark(0);
    input(0);
    mark(1);
    mark(1);
    expect(stream.signal.aborted).toBe(false);
    mark(2);
    await settle();
    expect(told.at(-1)).toEqual({ type: 'close', stream: 1, code: 'executor_lost', message: 'Frames of input were lost or doubled on the way.' });
    expect(stream.signal.aborted).toBe(true);
  });

  it.each([
    [3, [0, 1, 'mark 2', 2, 'mark 3']],
    [2, [undefined, undefined, undefined]],
  ])('are followed by a mark, once, when a stream becomes quiet: version %i', async (protocol, expected) => {
    vi.useFakeTimers();
    const { stream } = openStream(protocol);
    const write = async (text: string) => {
      stream.write(bytesOf(text));
      await vi.advanceTimersByTimeAsync(0);
    };
    await vi.advanceTimersByTimeAsync(10 * limits.markDelay);
    await write('one');
    await write('two');
    await vi.advanceTimersByTimeAsync(10 * limits.markDelay);
    await write('three');
    await vi.advanceTimersByTimeAsync(10 * limits.markDelay);
    expect(frames.map((frame) => (frame.kind === 'mark' ? `mark ${frame.number}` : frame.kind === 'data' ? frame.number : frame.kind))).toEqual(expected);
    vi.useRealTimers();
  });

  it('are of one stream for each number: an open that comes again after its end starts nothing', async () => {
    let starts = 0;
    const handlers = makeStreamHandlers({ stats: async () => (starts++, {}) });
    const streams = new Streams({ handlers, log: createLog(() => undefined), carrier: { send: (message) => told.push(message), sendFrame: () => undefined, backlog: () => 0 }, protocol: 3 });
    const open = { type: 'open' as const, stream: 1, kind: 'stats', params: { app: 'a' }, credit: 1_000 };
    streams.take(open);
    await settle();
    streams.take(open);
    await settle();
    expect(starts).toBe(1);
    expect(told.map(({ type }) => type)).toEqual(['opened', 'close']);
    await streams.end();
  });

  it('count on from 0 after 255', async () => {
    const { stream, input } = openStream(3);
    let taken = 0;
    stream.onInput(() => Promise.resolve(void taken++));
    for (let number = 0; number < 600; number++) input(number);
    await settle();
    expect(taken).toBe(600);
  });
});
