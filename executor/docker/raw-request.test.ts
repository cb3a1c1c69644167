import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBody } from './raw-request.ts';

describe('a long body', () => {
  let dir: string;
  let server: Server;
  let answer: (socket: Socket) => void;
  const taken: string[] = [];
  const read = (signal?: AbortSignal, onBytes: (bytes: Buffer) => Promise<void> | void = (bytes) => void taken.push(bytes.toString())) => readBody({ socketPath: join(dir, 'engine.sock'), path: '/logs', signal, onBytes });

  beforeEach(async () => {
    taken.length = 0;
    dir = await mkdtemp(join(tmpdir(), 'dockup-raw-'));
    server = createServer((socket) => void socket.on('error', () => undefined).once('data', () => answer(socket)));
    await once(server.listen(join(dir, 'engine.sock')), 'listening');
  });
  afterEach(async () => {
    server.close();
    await rm(dir, { recursive: true });
  });

  it('is what comes after the head, however the two are cut', async () => {
    answer = async (socket) => {
      for (const part of ['HTTP/1.0 200 O', 'K\r\nA: b\r\n', '\r', '\nfirst', ' second']) {
        socket.write(part);
        await sleep(10);
      }
      socket.end();
    };
    await read();
    expect(taken.join('')).toBe('first second');
  });

  it('is not read on before the reader is done with what it has', async () => {
    const size = 8_000_000;
    answer = (socket) => socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), Buffer.alloc(size)]));
    let bytes = 0;
    let open = 0;
    let most = 0;
    await read(undefined, async (piece) => {
      bytes += piece.length;
      most = Math.max(most, ++open);
      await sleep(1);
      open--;
    });
    expect({ bytes, most }).toEqual({ bytes: size, most: 1 });
  });

  it('that is refused has the status and the words of the engine', async () => {
    answer = (socket) => socket.end('HTTP/1.0 404 Not Found\r\n\r\n{"message":"no such container"}');
    await expect(read()).rejects.toMatchObject({ statusCode: 404, message: 'no such container' });
    expect(taken).toEqual([]);
  });

  it('that never begins is an error with a code', async () => {
    answer = (socket) => socket.end();
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' });
    server.close();
    await expect(readBody({ socketPath: join(dir, 'nothing.sock'), path: '/', onBytes: () => undefined })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('ends when nobody wants it any more, before and while it comes', async () => {
    let isClosed: Promise<unknown> | undefined;
    answer = (socket) => {
      isClosed = once(socket, 'close');
      socket.write('HTTP/1.0 200 OK\r\n\r\nfirst');
    };
    const wanted = new AbortController();
    await expect(read(wanted.signal, () => wanted.abort())).rejects.toThrow('no longer wanted');
    await isClosed;
    await expect(read(wanted.signal)).rejects.toThrow('no longer wanted');
    expect(taken).toEqual([]);
  });

  it('that is no longer wanted is let go of when what was begun with it is done', async () => {
    answer = (socket) => socket.write('HTTP/1.0 200 OK\r\n\r\nfirst');
    const wanted = new AbortController();
    let isDone = false;
    const reading = read(wanted.signal, async () => {
      await sleep(1);
      wanted.abort();
      await sleep(30);
      isDone = true;
    });
    await expect(reading).rejects.toThrow('no longer wanted');
    expect(isDone).toBe(true);
  });

  it('fails with what its reader throws, at once or later', async () => {
    answer = (socket) => socket.write('HTTP/1.0 200 OK\r\n\r\nfirst');
    await expect(read(undefined, () => { throw new Error('not this one'); })).rejects.toThrow('not this one');
    await expect(read(undefined, () => Promise.reject(new Error('nor this one')))).rejects.toThrow('nor this one');
  });
});
