import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../docker/engine.ts';
import { LiveLogs, type Listener } from './live.ts';

describe('what a container writes while it is followed', () => {
  let dir: string;
  let server: Server;
  let live: LiveLogs;
  let readings: Socket[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dockup-live-'));
    readings = [];
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('close', () => readings.splice(readings.indexOf(socket), 1));
      socket.resume();
      socket.write('HTTP/1.0 200 OK\r\n\r\n');
      readings.push(socket);
    });
    await once(server.listen(join(dir, 'engine.sock')), 'listening');
    live = new LiveLogs(createEngine({ socketPath: join(dir, 'engine.sock'), serverId: 'srv_1', dir }));
  });
  afterEach(async () => {
    for (const socket of readings) socket.destroy();
    server.close();
    await rm(dir, { recursive: true });
  });

  const anywhere = { tail: 100, isTooLate: () => false, mayShare: true };
  const say = (text: string, to: readonly Socket[] = readings) => {
    const payload = Buffer.from(`2026-11-22T18:50:28.123456789Z ${text}\n`);
    const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, payload.length]);
    for (const socket of to) socket.write(Buffer.concat([header, payload]));
  };
  function listen(): { listener: Listener; heard: string[]; leave: () => void; signal: AbortSignal } {
    const heard: string[] = [];
    const gone = new AbortController();
    return { listener: { onLine: ({ text }) => void heard.push(text), onBatch: () => undefined }, heard, leave: () => gone.abort(new Error('left')), signal: gone.signal };
  }
  const until = (isIt: () => boolean) => expect.poll(isIt, { timeout: 5_000, interval: 5 }).toBe(true);

  it('is read once for all, until the last of them has left', async () => {
    const [first, second] = [listen(), listen()];
    const opened = live.open('c1', anywhere, first.listener, first.signal);
    await until(() => readings.length === 1);
    say('one');
    await until(() => first.heard.length === 1);
    const joined = (await live.find('c1'))?.join(second.listener, second.signal);
    first.leave();
    await expect(opened).rejects.toThrow('left');
    say('two');
    await until(() => second.heard.length === 1);
    expect({ first: first.heard, second: second.heard, readings: readings.length }).toEqual({ first: ['one'], second: ['two'], readings: 1 });
    second.leave();
    await expect(joined).rejects.toThrow('left');
    await until(() => readings.length === 0);
    expect(await live.find('c1')).toBeNull();
  });

  it('is left to whoever was first when several begin at once, unless one must have its own', async () => {
    const [first, second, third] = [listen(), listen(), listen()];
    const opened = live.open('c1', anywhere, first.listener, first.signal);
    await until(() => readings.length === 1);
    const shared = live.open('c1', anywhere, second.listener, second.signal);
    const own = live.open('c1', { ...anywhere, mayShare: false }, third.listener, third.signal);
    await until(() => readings.length === 3);
    // Who hears something first is the first: of three that are told at once it could be any.
    say('one', readings.slice(0, 1));
    await until(() => first.heard.length === 1);
    say('one', readings.slice(1));
    expect(await shared).toBe(false);
    expect(second.heard).toEqual([]);
    await until(() => first.heard.length === 1 && third.heard.length === 1 && readings.length === 2);
    for (const reader of [first, third]) reader.leave();
    await expect(opened).rejects.toThrow('left');
    await expect(own).rejects.toThrow('left');
  });

  it('is not read for who has left before it began, nor where it would begin too late', async () => {
    const { listener, heard, leave, signal } = listen();
    const late = live.open('c1', { ...anywhere, isTooLate: () => true }, listener, signal);
    await until(() => readings.length === 1);
    say('too late');
    expect(await late).toBe(false);
    await until(() => readings.length === 0);
    leave();
    await expect(live.open('c1', anywhere, listener, signal)).rejects.toThrow('left');
    await sleep(50);
    expect({ heard, readings: readings.length }).toEqual({ heard: [], readings: 0 });
    expect(await live.find('c1')).toBeNull();
  });

  it('ends with the container, and with the engine', async () => {
    const { listener, signal } = listen();
    const over = live.open('c1', anywhere, listener, signal);
    await until(() => readings.length === 1);
    readings[0]?.end();
    expect(await over).toBe(true);
    server.close();
    await expect(live.open('c1', anywhere, listener, signal)).rejects.toMatchObject({ code: 'engine_unreachable' });
  });
});
