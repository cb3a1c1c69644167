import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../docker/engine.ts';
import { createLog } from '../log.ts';
import { LogArchive } from './archive.ts';

/** The far end of the engine's socket: tells so many lines of what is asked for, and then nothing more, or the end. */
interface Answer {
  from: number;
  lines: number;
  ends: boolean;
}

let dir: string;
let server: Server;
let answer: (tail: number) => Answer;
const asked: number[] = [];
const sockets = new Set<Socket>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dockup-archive-'));
  asked.length = 0;
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (request) => {
      const tail = Number(/tail=(\d+)/.exec(request.toString())?.[1]);
      asked.push(tail);
      const { from, lines, ends } = answer(tail);
      socket.write('HTTP/1.0 200 OK\r\n\r\n');
      for (let line = from; line < from + lines; line++) socket.write(frame(line));
      if (ends) socket.end();
    });
  }).listen(join(dir, 'engine.sock'));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await rm(dir, { recursive: true });
});

function frame(line: number): Buffer {
  const payload = Buffer.from(`2026-11-22T10:00:00.${String(line).padStart(9, '0')}Z line ${line}\n`);
  const header = Buffer.alloc(8);
  header[0] = 1;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

async function keptLines(): Promise<string[]> {
  const engine = createEngine({ socketPath: join(dir, 'engine.sock'), serverId: 'srv', dir });
  const archive = new LogArchive({ engine, dir: join(dir, 'logs'), retentionDays: 7, readDeadline: 300, log: createLog(() => undefined) });
  const container = { id: 'c', app: `app_${'0'.repeat(22)}`, deployment: `dep_${'0'.repeat(22)}`, state: 'exited' as const };
  await archive.keep(container);
  const lines: string[] = [];
  await archive.read(container.app, container.deployment, { onLine: (line) => lines.push(line.text) });
  return lines;
}

describe('REL-18 a log that the engine is too slow with', () => {
  it('is kept with fewer of its newest lines', async () => {
    answer = (tail) => (tail > 100_000 ? { from: 0, lines: 50, ends: false } : { from: 900, lines: 3, ends: true });
    expect(await keptLines()).toEqual(['line 900', 'line 901', 'line 902']);
    expect(asked).toHaveLength(2);
  });

  it('is kept as far as it came when not even those come to an end', async () => {
    answer = (tail) => (tail > 100_000 ? { from: 0, lines: 3, ends: false } : { from: 900, lines: 2, ends: false });
    expect(await keptLines()).toEqual(['line 900', 'line 901']);
  });

  it('is kept as far as it came when nothing newer comes', async () => {
    answer = (tail) => ({ from: 0, lines: tail > 100_000 ? 3 : 0, ends: false });
    expect(await keptLines()).toEqual(['line 0', 'line 1', 'line 2']);
  });

  it('is read once when it comes to an end', async () => {
    answer = () => ({ from: 0, lines: 3, ends: true });
    expect(await keptLines()).toEqual(['line 0', 'line 1', 'line 2']);
    expect(asked).toHaveLength(1);
  });
});
