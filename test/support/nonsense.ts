/** Messages that are none, for either end of the link (REL-05). */
import { encodeFrame } from '../../shared/protocol/frames.ts';
import { limits } from '../../shared/protocol/limits.ts';
import { refusedFrames } from '../../shared/protocol/vectors.ts';

/** Wrong for either end, each in its own way. */
const malformed: string[] = [
  '', ' ', '{', '}', 'null', 'true', '0', '[]', '{}', '"hello"', '\u0000', '\ud800', '{"type":null}', '{"type":"nonsense"}', '{"type":"welcome"}', '{"type":"constructor"}',
  '{"__proto__":{"type":"pulse"}}', '{"type":"ok"}', '{"type":"ok","id":""}', '{"type":"pulse","id":"unknown","more":1}', '{"type":"err","id":"x","code":"no_such_code","message":""}',
  '{"type":"event","seq":0,"event":{}}', '{"type":"event","seq":-1}', '{"type":"event","seq":1e400}', '{"type":"event","seq":1,"event":{"kind":"status"}}',
  '{"type":"event","seq":1,"event":{"kind":"report","at":1,"engine":"reachable","apps":[null]}}', '{"type":"hello"}', '{"type":"hello","protocol":0}',
  '{"type":"call"}', '{"type":"call","id":"","method":"logs","params":{}}', '{"type":"call","id":7}', '{"type":"ack","seq":-1}', '{"type":"ack","seq":1e999}', '{"type":"cancel"}', '{"type":"__proto__"}', '💥'.repeat(50),
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`, `{"type":"${'x'.repeat(10_000)}"}`,
];

/** Frames that are none, and frames of streams that nobody has opened. */
const garbage: Buffer[] = [
  ...refusedFrames.map(({ hex }) => Buffer.from(hex, 'hex')),
  ...Array.from({ length: 50 }, (_, length) => Buffer.from(Array.from({ length: 7 * length }, (_value, i) => (i * 37 + length * 101) % 256))),
  Buffer.from(encodeFrame({ kind: 'data', stream: 7, bytes: new Uint8Array(1_000) })),
  Buffer.from(encodeFrame({ kind: 'credit', stream: 8, bytes: 0xffff_ffff })),
  Buffer.from(encodeFrame({ kind: 'end', stream: 9 })),
  Buffer.from(encodeFrame({ kind: 'data', stream: 10, bytes: new Uint8Array(limits.streamFrame + 1) })),
];

/** So long that the memory would tell if they were kept. */
const length = 4_096;

/** Text messages and binary ones, short and long. */
export const nonsense: readonly (string | Buffer)[] = [...malformed, ...malformed.map((text) => text.padEnd(length)), ...garbage, ...garbage.map((frame) => Buffer.concat([frame, Buffer.alloc(length)]))];
