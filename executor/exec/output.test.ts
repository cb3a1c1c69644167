import { describe, expect, it } from 'vitest';
import { limits } from '../../shared/protocol/limits.ts';
import { createOutput } from './output.ts';

function frame(stream: 1 | 2, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

describe('the output of a command', () => {
  it.each([1, 2, 3, 7, 8, 9, 1000])('is taken apart, however it is cut: %i bytes at a time', (size) => {
    const whole = Buffer.concat([frame(1, 'first '), frame(2, 'wrong'), frame(1, ''), frame(1, 'second ü')]);
    const output = createOutput();
    for (let at = 0; at < whole.length; at += size) output.write(whole.subarray(at, at + size));
    expect(output.result()).toEqual({ stdout: 'first second ü', stderr: 'wrong', truncated: false });
  });

  it.each([[99, false], [100, false], [101, true], [200_000, true]])('keeps its last bytes: %i of 100', (length, truncated) => {
    const text = Array.from({ length }, (_, at) => at % 10).join('');
    const output = createOutput(100);
    for (let at = 0; at < length; at += 333) output.write(frame(2, text.slice(at, at + 333)));
    expect(output.result()).toEqual({ stdout: '', stderr: text.slice(-100), truncated });
  });

  it('does not begin with half a character', () => {
    const output = createOutput(100);
    output.write(frame(1, `${'ü'.repeat(60)}x`));
    expect(output.result()).toEqual({ stdout: `${'ü'.repeat(49)}x`, stderr: '', truncated: true });
  });

  it('fits into an answer, also where each byte takes six characters there', () => {
    const output = createOutput();
    for (const stream of [1, 2] as const) output.write(frame(stream, Buffer.alloc(limits.execOutput)));
    const result = output.result();
    expect(JSON.stringify(result).length).toBeLessThan(limits.messageLength);
    expect({ truncated: result.truncated, isUseful: result.stdout.length > 100_000 }).toEqual({ truncated: true, isUseful: true });
  });
});
