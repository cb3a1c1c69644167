import { beforeEach, describe, expect, test, vi } from 'vitest';
import { encodeFrame, type Frame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { protocolVersion, type HubMessage, type StreamEnd } from '../../shared/protocol/messages.ts';
import type { FollowedDeployment } from '../services/ports.ts';
import { createSession, type ClientSocket, type Session } from './socket.ts';
import { newSession, Streams } from './streams.ts';

const session: Session = { ...createSession('srv_1', 1), protocol: protocolVersion, isReady: true };

/** The far ends of the clients' sockets and of the link: keep what they are sent. */
function createClient(kind: 'logs' | 'exec' = 'logs', app = 'app_1', deployment?: FollowedDeployment) {
  const sent: { bytes: Uint8Array; taken: () => void }[] = [];
  const ends: StreamEnd[] = [];
  const socket: ClientSocket = {
    session: newSession({ server: 'srv_1', app, kind, deployment, hasControl: false }),
    remember: () => {},
    send: (bytes, taken) => sent.push({ bytes, taken }),
    end: (end) => ends.push(end),
  };
  return { socket, sent, ends };
}

describe('streams', () => {
  let told: HubMessage[];
  let passed: Frame[];
  let streams: Streams;
  beforeEach(() => {
    told = [];
    passed = [];
    streams = new Streams({ refusalOf: async () => null, session: () => session, tell: (message) => told.push(message), pass: (frame) => passed.push(frame) });
  });

  const data = (stream: number, length: number) => streams.frame(encodeFrame({ kind: 'data', stream, bytes: new Uint8Array(length).fill(10) }));

  test('a link carries 1,000 of them; one more is refused, until one has ended', () => {
    const clients = Array.from({ length: limits.streams }, (_, i) => createClient('logs', `app_${i % 10}`));
    for (const { socket } of clients) streams.open(socket, {});
    const late = createClient();
    streams.open(late.socket, {});
    expect(late.ends).toEqual([{ code: 'too_many_streams', message: '1000 streams are open.' }]);
    expect(told).toHaveLength(limits.streams);
    streams.closed(clients[0]!.socket);
    streams.open(late.socket, {});
    expect(told.at(-1)).toMatchObject({ type: 'open', stream: late.socket.session.stream });
  });

  test('an app has 200 of them; the apps beside it still get theirs', () => {
    const clients = Array.from({ length: limits.streamsPerApp }, () => createClient());
    for (const { socket } of clients) streams.open(socket, {});
    const [late, other] = [createClient(), createClient('logs', 'app_2')];
    streams.open(late.socket, {});
    streams.open(other.socket, {});
    expect(late.ends).toEqual([{ code: 'too_many_streams', message: '200 streams of the app are open.' }]);
    expect(other.ends).toEqual([]);
    expect(told).toHaveLength(limits.streamsPerApp + 1);
    streams.closed(clients[0]!.socket);
    streams.open(late.socket, {});
    expect(told.at(-1)).toMatchObject({ type: 'open', stream: late.socket.session.stream });
  });

  test('REL-17 no credit comes back before the client has taken the bytes', () => {
    const { socket, sent } = createClient();
    streams.open(socket, {});
    const { stream } = socket.session;
    for (let i = 0; i < 4; i++) data(stream, limits.streamFrame);
    expect(passed).toEqual([]);
    expect(socket.session.unreturned).toBe(limits.streamWindow);
    for (const { taken } of sent) taken();
    expect(passed.reduce((sum, frame) => sum + (frame.kind === 'credit' ? frame.bytes : 0), 0)).toBe(limits.streamWindow);
    expect(socket.session.unreturned).toBe(0);
  });

  test.each([
    ['missing', [0, 2]],
    ['there twice', [0, 0]],
    ['out of turn', [1, 0]],
  ])('REL-27 output of which a frame is %s ends the stream, with a word to the client and to the executor', (_how, numbers) => {
    const { socket, sent, ends } = createClient();
    streams.open(socket, {});
    const { stream } = socket.session;
    for (const number of numbers) streams.frame(encodeFrame({ kind: 'data', stream, bytes: new TextEncoder().encode(`${number}\n`), number }));
    expect(sent.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(numbers[0] === 0 ? ['0\n'] : []);
    expect(ends).toEqual([{ code: 'executor_lost', message: 'Frames were lost or doubled on the way.' }]);
    expect(told.at(-1)).toEqual({ type: 'close', stream });
  });

  test('a frame that is longer than frames are is none', () => {
    const { socket, sent } = createClient();
    streams.open(socket, {});
    expect(data(socket.session.stream, limits.streamFrame + 1)).toBe(false);
    expect(sent).toEqual([]);
  });

  test('small messages that wait leave as few frames', () => {
    const { socket } = createClient('exec');
    streams.open(socket, {});
    const { stream } = socket.session;
    for (let i = 0; i < limits.streamWindow; i++) streams.receive(socket, Uint8Array.of(i % 251));
    streams.take({ type: 'opened', stream, credit: 10 });
    streams.frame(encodeFrame({ kind: 'credit', stream, bytes: limits.streamWindow }));
    expect(passed.map((frame) => (frame.kind === 'data' ? frame.bytes.length : frame.kind))).toEqual([10, limits.streamFrame, limits.streamFrame, limits.streamFrame, limits.streamFrame - 10]);
    const bytes = passed.flatMap((frame) => (frame.kind === 'data' ? [...frame.bytes] : []));
    expect(bytes.every((byte, i) => byte === i % 251)).toBe(true);
    streams.closed(socket);
  });

  test('REL-27 output whose last frame is missing ends the stream by the mark that follows', () => {
    const { socket, ends } = createClient();
    streams.open(socket, {});
    const { stream } = socket.session;
    streams.frame(encodeFrame({ kind: 'data', stream, bytes: new TextEncoder().encode('0\n'), number: 0 }));
    for (const number of [1, 1]) streams.frame(encodeFrame({ kind: 'mark', stream, number }));
    expect(ends).toEqual([]);
    streams.frame(encodeFrame({ kind: 'mark', stream, number: 2 }));
    expect(ends).toEqual([{ code: 'executor_lost', message: 'Frames were lost or doubled on the way.' }]);
    expect(told.at(-1)).toEqual({ type: 'close', stream });
  });

  test('input that waits keeps the object awake, and then the mark that follows it', () => {
    vi.useFakeTimers();
    const { socket } = createClient('exec');
    streams.open(socket, {});
    streams.receive(socket, 'ls\n');
    expect(vi.getTimerCount()).toBe(1);
    streams.take({ type: 'opened', stream: socket.session.stream, credit: 100 });
    const { stream } = socket.session;
    expect(passed).toEqual([{ kind: 'data', stream, bytes: new TextEncoder().encode('ls\n'), number: 0 }]);
    vi.advanceTimersByTime(limits.markDelay);
    expect(passed.slice(1)).toEqual([{ kind: 'mark', stream, number: 1 }]);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test('one that is opened right after its deployment has ended is told so, and so is one of an app that is gone', () => {
    const end = { app: 'app_1', deployment: 'dep_1', status: 'failed', at: 0, message: 'Deployment failed: no room' } as const;
    streams.conclude(end);
    streams.conclude({ ...end, app: 'app_2', deployment: null, status: 'cancelled', message: 'The app was deleted' });
    const followed = { phase: 'pull', isTold: true, begun: '', end: null } as const;
    const clients = [createClient('logs', 'app_1', { id: 'dep_1', ...followed }), createClient('logs', 'app_2', { id: 'dep_2', ...followed }), createClient('logs', 'app_1', { id: 'dep_3', ...followed })];
    for (const { socket } of clients) streams.open(socket, {});
    const [first, second] = clients.map(({ socket }) => socket.session.stream);
    expect(passed.map(({ kind, stream }) => [kind, stream])).toEqual([['end', first], ['end', second]]);
    for (const { socket } of clients) streams.take({ type: 'close', stream: socket.session.stream });
    expect(clients.map(({ ends }) => ends)).toEqual([[{}], [{}], []]);
    expect(new TextDecoder().decode(clients[0]?.sent.at(-1)?.bytes)).toBe('1970-01-01T00:00:00.000Z Deployment failed: no room\n');
  });
});
