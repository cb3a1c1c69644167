import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { protocolVersion, type HubMessage } from '../../shared/protocol/messages.ts';
import { limits } from '../../shared/protocol/limits.ts';
import type { GrantedStream, StreamHolder } from '../services/ports.ts';
import { openReader } from './reader.ts';
import { createSession, type Session } from './socket.ts';
import { Streams } from './streams.ts';

const holder: StreamHolder = { userId: 'usr_1', via: 'session', tokenId: 'ses_1', actions: ['apps:read'] };
const request: GrantedStream<'stats'> = { kind: 'stats', app: 'app_1', params: { app: 'app_1' }, holder };

describe('a stream that is read as bytes', () => {
  let session: Session | undefined;
  let told: HubMessage[];
  let streams: Streams;
  beforeEach(() => {
    vi.useFakeTimers();
    session = { ...createSession('srv_1', 1), protocol: protocolVersion, isReady: true };
    told = [];
    streams = new Streams({ refusalOf: async () => null, session: () => session, tell: (message) => told.push(message), pass: () => undefined });
  });
  afterEach(() => void vi.useRealTimers());

  const idOf = () => told.map((message) => (message.type === 'open' ? message.stream : 0))[0] ?? 0;

  test('one that is refused here leaves no timer behind', async () => {
    session = undefined;
    expect(await openReader(streams, 'srv_1', request)).toMatchObject({ ok: false, code: 'executor_offline' });
    expect(vi.getTimerCount()).toBe(0);
    expect(told).toEqual([]);
  });

  test('nor does one that the executor refuses, also after it has thought for a minute', async () => {
    for (const wait of [0, 60_000]) {
      told.length = 0;
      const reading = openReader(streams, 'srv_1', request);
      await vi.advanceTimersByTimeAsync(wait);
      streams.take({ type: 'close', stream: idOf(), code: 'app_not_running', message: 'stopped' });
      expect(await reading).toEqual({ ok: false, code: 'app_not_running', message: 'stopped' });
      expect(vi.getTimerCount()).toBe(0);
      expect(told.map(({ type }) => type)).toEqual(['open']);
    }
  });

  test('one that was there and has ended is read to its end, and leaves no timer', async () => {
    const opening = openReader(streams, 'srv_1', request);
    streams.take({ type: 'opened', stream: idOf(), credit: 0 });
    const reading = await opening;
    if (!reading.ok) throw new Error(reading.message);
    const text = new Response(reading.body).text();
    streams.take({ type: 'close', stream: idOf(), code: 'executor_lost', message: 'gone' });
    expect(await text).toBe('\0{"code":"executor_lost","message":"gone"}\0');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a reader that goes is told to the executor', async () => {
    const opening = openReader(streams, 'srv_1', request);
    streams.take({ type: 'opened', stream: idOf(), credit: 0 });
    const reading = await opening;
    if (reading.ok) await reading.body.cancel();
    await vi.advanceTimersByTimeAsync(limits.clientPingInterval);
    expect(told.at(-1)).toEqual({ type: 'close', stream: idOf() });
    expect(vi.getTimerCount()).toBe(0);
  });
});
