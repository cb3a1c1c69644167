import { describe, expect, test } from 'vitest';
import { calls, isMethod, methods } from './calls.ts';
import { decodeFrame, encodeFrame } from './frames.ts';
import { limits } from './limits.ts';
import { executorMessage, hubMessage, parseExecutorMessage, parseHubMessage } from './messages.ts';
import { executorVectors, frameVectors, hubVectors, refusedFrames, refusedVectors } from './vectors.ts';

/** Both ends say it in the same words: the stream of that number is over. */
const isSharedEnd = ({ text }: { text: string }) => text === '{"type":"close","stream":7}';

const typesOf = (union: typeof executorMessage | typeof hubMessage) => union.options.map((option) => option.shape.type.value).sort();

describe('the golden messages', () => {
  test.each(executorVectors)('the hub reads what an executor writes: $name', ({ text, message }) => {
    expect(parseExecutorMessage(text)).toEqual({ ok: true, message });
    expect(JSON.stringify(message)).toBe(text);
  });

  test.each(hubVectors)('an executor reads what the hub writes: $name', ({ text, message }) => {
    expect(parseHubMessage(text)).toEqual({ ok: true, message });
    expect(JSON.stringify(message)).toBe(text);
  });

  test('there is one for every type of message', () => {
    expect([...new Set(executorVectors.map(({ message }) => message.type))].sort()).toEqual(typesOf(executorMessage));
    expect([...new Set(hubVectors.map(({ message }) => message.type))].sort()).toEqual(typesOf(hubMessage));
  });

  test.each(executorVectors.filter((vector) => !isSharedEnd(vector)))('an executor does not take orders from another one: $name', ({ text }) => {
    expect(parseHubMessage(text).ok).toBe(false);
  });

  test.each(hubVectors.filter((vector) => !isSharedEnd(vector)))('the hub does not take what only a hub says: $name', ({ text }) => {
    expect(parseExecutorMessage(text).ok).toBe(false);
  });
});

describe('REL-05 what cannot be read is told, never thrown', () => {
  test.each(refusedVectors)('$name', ({ text }) => {
    for (const parse of [parseExecutorMessage, parseHubMessage]) expect(parse(text)).toMatchObject({ ok: false, reason: expect.stringMatching(/./) });
  });

  test('a message longer than the limit is not even parsed', () => {
    const text = `{"type":"pulse","id":"${'x'.repeat(limits.messageLength)}"}`;
    expect(parseExecutorMessage(text)).toEqual({ ok: false, reason: `message of ${text.length} characters` });
  });

  test('half of a surrogate pair, where a text was cut, is read as U+FFFD, and a whole one as it is', () => {
    expect(parseExecutorMessage('{"type":"err","id":"c1","code":"engine_error","message":"cut \\ud83d, whole \\ud83d\\udca5"}')).toMatchObject({ ok: true, message: { message: 'cut \ufffd, whole \u{1f4a5}' } });
  });

  test('no field may be missing but the one the protocol lets be left out', () => {
    const fields = executorVectors.flatMap(({ message }) => Object.keys(message).map((field) => ({ type: message.type, field, text: JSON.stringify({ ...message, [field]: undefined }) })));
    const spare = fields.filter(({ text }) => parseExecutorMessage(text).ok).map(({ type, field }) => `${type}.${field}`);
    expect(spare).toEqual(['err.minimum', 'close.exit_code', 'close.code', 'close.message']);
  });
});

describe('the table of methods', () => {
  test('knows its own names and no inherited ones', () => {
    expect(methods.every(isMethod)).toBe(true);
    expect(['constructor', 'toString', '__proto__', 'shell', ''].filter(isMethod)).toEqual([]);
  });

  test.each(methods)('%s refuses unknown parameters', (method) => {
    expect(calls[method].params.safeParse({ nonsense: 1 }).success).toBe(false);
  });
});

describe('frames', () => {
  test.each(frameVectors)('$name is read and written byte for byte', ({ hex, frame }) => {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
    expect(decodeFrame(bytes)).toEqual(frame);
    expect(encodeFrame(frame)).toEqual(bytes);
  });

  test.each(refusedFrames)('REL-05 $name is none', ({ hex }) => {
    expect(decodeFrame(Buffer.from(hex, 'hex'))).toBeNull();
  });
});
