import { describe, expect, it } from 'vitest';
import { limits } from '../../shared/protocol/limits.ts';
import { logEntry } from '../../shared/protocol/logs.ts';
import { encodeEntry } from './encode.ts';
import { LineQueue } from './line-queue.ts';

const drain = (queue: LineQueue): string[] => {
  const read: string[] = [];
  for (let bytes = queue.take(); bytes !== null; bytes = queue.take()) read.push(Buffer.from(bytes).toString());
  return read;
};

describe('a queue of log lines', () => {
  it('passes on what was pushed, small lines together', () => {
    const queue = new LineQueue();
    expect(queue.take()).toBeNull();
    queue.push('a\n');
    queue.push('b\n');
    expect(queue.isEmpty).toBe(false);
    expect(drain(queue)).toEqual(['a\nb\n']);
    expect(queue.isEmpty).toBe(true);
  });

  it('REL-17 drops the oldest above its limit and says how many, where they were', () => {
    const queue = new LineQueue(200_000);
    for (let i = 0; i < 10_000; i++) queue.push(`${String(i).padStart(99)}\n`);
    const [gap = '', ...rest] = drain(queue);
    const { dropped } = JSON.parse(gap);
    const lines = rest.join('').trimEnd().split('\n').map(Number);
    expect(lines).toEqual(Array.from({ length: 10_000 - dropped }, (_, i) => dropped + i));
    expect(rest.join('').length).toBeLessThanOrEqual(200_000 + limits.streamFrame);
  });

  it('counts on when what told of a gap is dropped itself', () => {
    const queue = new LineQueue(1_000);
    queue.push('lost\n');
    queue.pushGap(7);
    queue.push(`${'x'.repeat(limits.streamFrame)}\n`);
    expect(drain(queue)).toEqual(['{"dropped":9}\n']);
  });
});

describe('an encoded line', () => {
  it.each(['', 'plain', 'with "quotes" and \\', 'tab\t bell\x07 nul\0', 'größe 🎉', '\x1b[31mred', '\x7f', '\u2028', '</script>', '\ufffd'])('of the text %j is the JSON of its entry', (text) => {
    const entry = { time: '2026-11-22T18:50:28.123456789Z', stream: 'stdout' as const, text, cursor: 'c1.x', deployment: 'dep_x' };
    const encoded = encodeEntry(entry, entry.cursor, entry.deployment);
    expect(encoded.indexOf('\n')).toBe(encoded.length - 1);
    expect(logEntry.parse(JSON.parse(encoded))).toEqual(entry);
  });
});
