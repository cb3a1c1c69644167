import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { decodeFrame, encodeFrame, type Frame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { ExecutorMessage, StreamEnd } from '../../shared/protocol/messages.ts';
import { makeStreamHandlers } from '../../test/support/handlers.ts';
import { createLog } from '../log.ts';
import type { ExecutorStream, StreamHandlers } from './stream.ts';
import { Streams } from './streams.ts';

type Sent = ExecutorMessage | Frame;

let sent: Sent[];
let lines: string[];
/** Bytes in the socket: what is sent stays there until a test lets it go. */
let backlog: number;
let isHoldingBack: boolean;

beforeEach(() => {
  sent = [];
  lines = [];
  backlog = 0;
  isHoldingBack = false;
});

function openStreams(handlers: Partial<StreamHandlers> = {}): Streams {
  return new Streams({
    protocol: 2,
    handlers: makeStreamHandlers(handlers),
    log: createLog((line) => lines.push(line)),
    carrier: {
      send: (message) => sent.push(message),
      sendFrame(encoded) {
        const frame = decodeFrame(encoded);
        if (frame === null) throw new Error('sent what is not a frame');
        sent.push(frame);
        if (isHoldingBack) backlog += encoded.length;
      },
      backlog: () => backlog,
    },
  });
}

/** A handler that a test leads by the hand. */
function createHandler() {
  const streams: ExecutorStream[] = [];
  const ends: ((end: StreamEnd) => void)[] = [];
  const failures: ((error: unknown) => void)[] = [];
  const stats: StreamHandlers['stats'] = (_params, stream) => {
    streams.push(stream);
    return new Promise((resolve, reject) => {
      ends.push(resolve);
      failures.push(reject);
    });
  };
  const at = <T>(list: T[], index: number): T => {
    const found = list[index];
    if (found === undefined) throw new Error(`no stream ${index} was opened`);
    return found;
  };
  return { stats, stream: (index = 0) => at(streams, index), end: (end: StreamEnd = {}, index = 0) => at(ends, index)(end), fail: (error: unknown, index = 0) => at(failures, index)(error), count: () => streams.length };
}

const open = (stream: number, change: object = {}) => ({ type: 'open' as const, stream, kind: 'stats', params: { app: 'a' } as unknown, credit: 1_000_000, ...change });
const settle = () => new Promise((resolve) => setImmediate(resolve));
const text = (bytes: string) => Buffer.from(bytes);
const dataOf = (stream: number) => Buffer.concat(sent.flatMap((one) => ('kind' in one && one.kind === 'data' && one.stream === stream ? [one.bytes] : [])));
const closeOf = (stream: number) => sent.find((one) => 'type' in one && one.type === 'close' && one.stream === stream);
const data = (stream: number, bytes: Uint8Array) => encodeFrame({ kind: 'data', stream, bytes });
const credit = (stream: number, bytes: number) => encodeFrame({ kind: 'credit', stream, bytes });

describe('a stream', () => {
  it('is opened, and closed after everything written has been sent', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1, { credit: 5 }));
    handler.stream().write(text('hello world'));
    handler.end({ exit_code: 3 });
    await settle();
    expect(sent).toEqual([{ type: 'opened', stream: 1, credit: limits.streamWindow }, { kind: 'data', stream: 1, bytes: expect.anything() }]);
    expect(dataOf(1).toString()).toBe('hello');
    streams.receive(credit(1, 100));
    await settle();
    expect(dataOf(1).toString()).toBe('hello world');
    expect(sent.at(-1)).toEqual({ type: 'close', stream: 1, exit_code: 3 });
  });

  it('puts many small writes into one frame, and a large one into several', async () => {
    const handler = createHandler();
    openStreams(handler).take(open(1));
    for (let i = 0; i < 1000; i++) handler.stream().write(text('x'));
    await settle();
    expect(sent.slice(1)).toEqual([expect.objectContaining({ kind: 'data', bytes: expect.objectContaining({ length: 1000 }) })]);
    handler.stream().write(new Uint8Array(limits.streamFrame * 2 + 1));
    await settle();
    expect(sent.slice(2).map((frame) => ('bytes' in frame && typeof frame.bytes !== 'number' ? frame.bytes.length : 0))).toEqual([limits.streamFrame, limits.streamFrame, 1]);
  });

  it('has as much room as its reader allows, and tells when there is some again', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1, { credit: 10 }));
    const stream = handler.stream();
    expect(stream.room()).toBe(10);
    stream.write(text('0123456789ab'));
    expect(stream.room()).toBe(0);
    await settle();
    let hasRoom = false;
    void stream.whenRoom().then(() => (hasRoom = true));
    streams.receive(credit(1, 2));
    await settle();
    expect({ hasRoom, data: dataOf(1).toString() }).toEqual({ hasRoom: false, data: '0123456789ab' });
    streams.receive(credit(1, 4));
    await settle();
    expect({ hasRoom, room: stream.room() }).toEqual({ hasRoom: true, room: 4 });
  });

  it('never has more room than its window, however much credit it is given', () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1));
    for (let i = 0; i < 10; i++) streams.receive(credit(1, 0xffff_ffff));
    expect(handler.stream().room()).toBe(limits.streamWindow);
  });

  it('gives credit for input once it has been dealt with, one piece after the other', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1));
    const taken: string[] = [];
    const turns: (() => void)[] = [];
    handler.stream().onInput((bytes) => {
      taken.push(Buffer.from(bytes).toString());
      return new Promise((resolve) => turns.push(resolve));
    });
    handler.stream().onInputEnd(() => taken.push('end'));
    streams.receive(data(1, text('one')));
    streams.receive(data(1, text('second')));
    streams.receive(encodeFrame({ kind: 'end', stream: 1 }));
    await settle();
    expect({ taken, credits: sent.slice(1) }).toEqual({ taken: ['one'], credits: [] });
    turns[0]?.();
    await settle();
    expect({ taken, credits: sent.slice(1) }).toEqual({ taken: ['one', 'second'], credits: [{ kind: 'credit', stream: 1, bytes: 3 }] });
    turns[1]?.();
    await settle();
    expect(taken).toEqual(['one', 'second', 'end']);
  });

  it('is closed when its reader sends more than it may, which bounds what is kept of it', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1));
    handler.stream().onInput(() => new Promise(() => undefined));
    for (let i = 0; i < 4; i++) streams.receive(data(1, new Uint8Array(limits.streamWindow / 4)));
    expect(closeOf(1)).toBeUndefined();
    streams.receive(data(1, new Uint8Array(1)));
    expect(closeOf(1)).toMatchObject({ code: 'invalid_value' });
    expect(handler.stream().signal.aborted).toBe(true);
  });

  it('hears of the terminal\'s size', () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1));
    const sizes: unknown[] = [];
    handler.stream().onResize(({ cols, rows }) => sizes.push([cols, rows]));
    streams.take({ type: 'resize', stream: 1, cols: 120, rows: 40 });
    streams.take({ type: 'resize', stream: 2, cols: 1, rows: 1 });
    expect(sizes).toEqual([[120, 40]]);
  });

  it.each<[string, (streams: Streams) => void]>([
    ['its reader closes it', (streams) => streams.take({ type: 'close', stream: 1 })],
    ['the connection ends', (streams) => void streams.end()],
  ])('is over when %s: its handler hears of it, and nothing more is sent', async (_name, leave) => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1, { credit: 1 }));
    const stream = handler.stream();
    stream.write(text('waits'));
    await settle();
    let isReleased = false;
    void stream.whenRoom().then(() => (isReleased = true));
    const before = sent.length;
    leave(streams);
    expect(stream.signal.aborted).toBe(true);
    stream.write(text('late'));
    handler.fail(new Error('cut off'));
    streams.receive(credit(1, 100));
    streams.receive(data(1, text('late')));
    await settle();
    expect({ isReleased, sent: sent.slice(before), lines }).toEqual({ isReleased: true, sent: [], lines: [] });
  });

  it('that ends with its connection is waited for', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1));
    let isOver = false;
    const ending = streams.end().then(() => (isOver = true));
    await settle();
    expect(isOver).toBe(false);
    handler.end();
    await ending;
    expect(isOver).toBe(true);
  });
});

describe('a stream that cannot be opened is closed with a reason', () => {
  it.each<[string, object, StreamEnd]>([
    ['a kind that nobody knows', { kind: 'telnet' }, { code: 'unsupported_command' }],
    ['a kind that every object has', { kind: 'constructor' }, { code: 'unsupported_command' }],
    ['no parameters', { params: undefined }, { code: 'invalid_value' }],
    ['a parameter that is unknown', { params: { app: 'a', shell: 'x' } }, { code: 'invalid_value', message: expect.stringContaining('stats') }],
  ])('%s', (_name, change, expected) => {
    const handler = createHandler();
    openStreams(handler).take(open(1, change));
    expect(sent).toEqual([expect.objectContaining({ type: 'close', stream: 1, ...expected })]);
    expect(handler.count()).toBe(0);
  });

  it('a number that is in use, and with it the one that used it: the far end cannot tell them apart', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1));
    streams.take(open(1));
    expect(sent.at(-1)).toMatchObject({ type: 'close', stream: 1, code: 'invalid_value' });
    expect(handler.stream().signal.aborted).toBe(true);
    expect(handler.count()).toBe(1);
    handler.end();
    streams.take(open(1));
    expect(handler.count()).toBe(1);
  });

  it('one more than there may be, also while those that are over still clean up', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    for (let id = 0; id < limits.streams; id++) streams.take(open(id));
    streams.take({ type: 'close', stream: 0 });
    streams.take(open(5_000));
    expect(closeOf(5_000)).toMatchObject({ code: 'too_many_streams' });
    handler.end({}, 0);
    await settle();
    streams.take(open(5_001));
    expect(closeOf(5_001)).toBeUndefined();
  });
});

describe('a handler that fails', () => {
  it('closes its stream with its code, after what it wrote', async () => {
    const handler = createHandler();
    openStreams(handler).take(open(1));
    handler.stream().write(text('before'));
    handler.fail(new AppError('app_not_running', { detail: 'x'.repeat(5000) }));
    await settle();
    expect(sent.slice(1)).toEqual([expect.objectContaining({ kind: 'data' }), { type: 'close', stream: 1, code: 'app_not_running', message: 'x'.repeat(2000) }]);
  });

  it('closes it with internal_error for everything else, whose cause only the log tells', async () => {
    const handler = createHandler();
    openStreams(handler).take(open(1));
    handler.fail(new Error('disk full'));
    await settle();
    expect(closeOf(1)).toEqual({ type: 'close', stream: 1, code: 'internal_error', message: expect.not.stringContaining('disk full') });
    expect(lines.join()).toContain('disk full');
  });

  it('to take its input closes the stream too', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1));
    handler.stream().onInput(() => Promise.reject(new AppError('app_not_running')));
    streams.receive(data(1, text('x')));
    await settle();
    expect(closeOf(1)).toMatchObject({ code: 'app_not_running' });
  });

  it('before it has done anything disturbs nobody', async () => {
    const streams = openStreams({
      stats: () => {
        throw new Error('at once');
      },
    });
    streams.take(open(1));
    await settle();
    expect(closeOf(1)).toMatchObject({ code: 'internal_error' });
  });
});

describe('REL-05 the socket is shared', () => {
  it('streams take turns', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    for (const id of [1, 2, 3]) streams.take(open(id));
    for (const index of [0, 1, 2]) handler.stream(index).write(new Uint8Array(limits.streamFrame * 2));
    await settle();
    expect(sent.slice(3).map((frame) => ('stream' in frame ? frame.stream : 0))).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('frames wait while the socket is full; messages and credit do not', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1, { credit: 10_000_000 }));
    isHoldingBack = true;
    for (let i = 0; i < 20; i++) handler.stream().write(new Uint8Array(limits.streamFrame));
    await settle();
    const frames = () => sent.filter((one) => 'kind' in one && one.kind === 'data').length;
    expect(frames()).toBe(limits.linkBacklog / limits.streamFrame);
    streams.take(open(2));
    handler.stream(1).onInput(() => Promise.resolve());
    streams.receive(data(2, text('key')));
    await settle();
    expect(sent.slice(-2)).toEqual([{ type: 'opened', stream: 2, credit: limits.streamWindow }, { kind: 'credit', stream: 2, bytes: 3 }]);
    backlog = 0;
    streams.flush();
    backlog = 0;
    streams.flush();
    backlog = 0;
    streams.flush();
    expect(frames()).toBe(20);
  });

  it('a stream whose reader stalls holds up no other', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1, { credit: 1 }));
    streams.take(open(2));
    handler.stream(0).write(new Uint8Array(100_000));
    handler.stream(1).write(text('through'));
    await settle();
    expect({ stalled: dataOf(1).length, other: dataOf(2).toString() }).toEqual({ stalled: 1, other: 'through' });
  });

  it('all streams together keep a bounded amount while nothing leaves', async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    backlog = limits.linkBacklog;
    let kept = 0;
    for (let id = 0; id < 200; id++) {
      streams.take(open(id));
      const room = handler.stream(id).room();
      handler.stream(id).write(new Uint8Array(room));
      kept += room;
    }
    expect(kept).toBe(limits.streamBacklog);
    // What is given up makes room for the others.
    for (let id = 0; id < 16; id++) streams.take({ type: 'close', stream: id });
    expect(handler.stream(199).room()).toBe(limits.streamWindow);
  });

  it('survives 100,000 frames that are malformed, foreign or hostile', { timeout: 60_000 }, async () => {
    const handler = createHandler();
    const streams = openStreams(handler);
    streams.take(open(1));
    streams.take(open(2));
    handler.stream(1).onInput(() => Promise.resolve());
    let refused = 0;
    for (let i = 0; i < 100_000; i++) {
      const noise = Buffer.from(Array.from({ length: i % 40 }, (_, at) => (i * 31 + at * 17) & 255));
      // Half of them look like frames of every kind, for streams that are there and streams that are not.
      if (i % 2 === 0 && noise.length >= 5) {
        noise[0] = 0x10 | (i % 16);
        noise.writeUInt32BE([1, 3, 0xffff_ffff][i % 3] ?? 1, 1);
      }
      if (!streams.receive(noise)) refused++;
      if (i % 1000 === 0) await settle();
    }
    expect(refused).toBeGreaterThan(50_000);
    handler.stream(1).write(text('alive'));
    streams.receive(data(2, text('key')));
    await settle();
    expect(dataOf(2).toString()).toBe('alive');
    expect(sent).toContainEqual({ kind: 'credit', stream: 2, bytes: 3 });
    expect(closeOf(2)).toBeUndefined();
  });
});
