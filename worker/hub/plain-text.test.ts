import { expect, test } from 'vitest';
import { cutCharacters, toPlainLines } from './plain-text.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

test('lines of JSON become lines of text, and say what was left out', () => {
  const line = JSON.stringify({ time: '2026-11-22T18:50:28.1Z', stream: 'stderr', text: 'two "words" ü', cursor: 'c', deployment: 'd' });
  expect(decode(toPlainLines(encode(`${line}\n{"dropped":3}\n`)))).toBe('2026-11-22T18:50:28.1Z two "words" ü\n[3 lines left out]\n');
  expect(toPlainLines(encode(''))).toHaveLength(0);
});

test.each(['no JSON\n', '{"time":\n', 'null\n', '7\n', '[]\n', '{}\n'])('what is no line ends the stream: %j', (text) => {
  expect(() => toPlainLines(encode(text))).toThrow(expect.objectContaining({ code: 'executor_lost' }));
});

test('wherever a frame ends, each message has whole characters, and none is lost', () => {
  const text = 'aü€😀b';
  const bytes = encode(text);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      let rest: number[] = [];
      let got = '';
      for (const piece of [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]) {
        const cut = cutCharacters(rest, piece);
        rest = cut.rest;
        expect(rest.length).toBeLessThanOrEqual(3);
        got += decode(cut.whole);
      }
      expect({ got, rest }).toEqual({ got: text, rest: [] });
    }
  }
});

test('bytes that are no text are shown as such, and wait for nothing', () => {
  for (const bytes of [[0xff], [0xf8, 0x88], [0x80, 0x80, 0x80, 0x80], [0xc0, 0x41]]) {
    const { whole, rest } = cutCharacters([], Uint8Array.from(bytes));
    expect(rest).toEqual([]);
    expect(decode(whole)).toContain('\uFFFD');
  }
});
