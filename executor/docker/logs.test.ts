import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../shared/protocol/logs.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { createLogParser } from './logs.ts';

const time = '2026-11-22T18:50:28.123456789Z';

function frame(stream: 1 | 2 | 3, text: string, at = time): Buffer {
  const payload = Buffer.from(`${at} ${text}`);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function parse(bytes: Buffer, chunkSize = bytes.length): LogLine[] {
  const lines: LogLine[] = [];
  const parser = createLogParser((line) => lines.push(line));
  for (let i = 0; i < bytes.length; i += chunkSize) {
    // As they are read from the engine: into a buffer that is used again.
    const piece = Buffer.from(bytes.subarray(i, i + chunkSize));
    parser.write(piece);
    piece.fill('?');
  }
  parser.end();
  return lines;
}

describe('log lines of the engine', () => {
  it('are told apart by stream, with the time the engine gave them', () => {
    expect(parse(Buffer.concat([frame(1, 'hello\n'), frame(2, 'oh no\n')]))).toEqual([
      { time, stream: 'stdout', text: 'hello' },
      { time, stream: 'stderr', text: 'oh no' },
    ]);
  });

  it('end where the engine says that it cannot read them', () => {
    expect(() => parse(Buffer.concat([frame(1, 'hello\n'), frame(3, 'grabbing logs: unexpected EOF\n', 'Error')]))).toThrow('read logs: Error grabbing logs: unexpected EOF');
  });

  it.each([1, 3, 7, 8, 9, 64])('survive being cut into chunks of %i bytes', (size) => {
    expect(parse(Buffer.concat([frame(1, 'größe 🎉\n'), frame(1, '\n'), frame(1, 'two words\r\n')]), size).map((line) => line.text)).toEqual(['größe 🎉', '', 'two words']);
  });

  const part = (letter: string) => letter.repeat(16 * 1024);

  it('are joined from the parts of a long line, while the other stream goes on', () => {
    const lines = parse(Buffer.concat([frame(1, part('a')), frame(2, 'between\n'), frame(1, 'end\n')]));
    expect(lines).toEqual([{ time, stream: 'stderr', text: 'between' }, { time, stream: 'stdout', text: `${part('a').slice(1)}…` }]);
  });

  it('are whole where a character is cut by the parts of a long line', () => {
    const bytes = Buffer.from('é'.repeat(10_000));
    const [first, second] = [bytes.subarray(0, 16 * 1024 - 1), bytes.subarray(16 * 1024 - 1)];
    const raw = (payload: Buffer) => {
      const whole = frame(1, 'x'.repeat(payload.length));
      payload.copy(whole, whole.length - payload.length);
      return whole;
    };
    expect(parse(Buffer.concat([raw(Buffer.concat([Buffer.from('>'), first])), raw(second)])).map((line) => line.text)).toEqual([`>${'é'.repeat(10_000)}`]);
  });

  it('end where the last part of a long one comes without a line feed, as with the local driver, before anything else comes', () => {
    const lines: LogLine[] = [];
    createLogParser((line) => lines.push(line)).write(Buffer.concat([frame(1, part('a')), frame(1, '')]));
    expect(lines.map((line) => line.text)).toEqual([part('a')]);
  });

  it('are told apart by their time where the rest of a long one is missing', () => {
    const later = '2026-11-22T18:50:29.000000000Z';
    expect(parse(Buffer.concat([frame(1, part('a')), frame(1, 'next\n', later)])).map((line) => line.text)).toEqual([part('a'), 'next']);
  });

  it('have times in UTC, also from an engine in another zone', () => {
    expect(parse(frame(1, 'x\n', '2026-11-22T20:50:28.123456789+02:00'))[0]?.time).toBe(time);
  });

  it('REL-17 are cut at the limit and end in an ellipsis', () => {
    const parts = Array.from({ length: 10 }, () => frame(1, 'x'.repeat(16 * 1024)));
    const [line] = parse(Buffer.concat([...parts, frame(1, 'end\n'), frame(1, 'next\n')]));
    expect(line?.text).toHaveLength(limits.logLineLength);
    expect(line?.text.endsWith('…')).toBe(true);
  });

  it('include a last line without a line feed', () => {
    expect(parse(frame(2, 'cut off')).map((line) => line.text)).toEqual(['cut off']);
  });
});
