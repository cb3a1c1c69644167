/**
 * Stream frames: the binary messages of the link. Five bytes of header, then the payload; no base64, no JSON, so a frame is passed on
 * without being looked into.
 *
 *     byte 0      high half: version of the frame format (1), low half: kind
 *     bytes 1-4   stream id, unsigned, big-endian
 *     bytes 5-    data: the bytes. credit: how many more bytes the other end may send, unsigned, big-endian. end: nothing
 */
import { limits } from './limits.ts';

const frameVersion = 1;
const headerLength = 5;

const kinds = ['data', 'end', 'credit'] as const;

export type Frame =
  | { kind: 'data'; stream: number; bytes: Uint8Array }
  /** The sender has nothing more to say in this direction; the other one stays open. */
  | { kind: 'end'; stream: number }
  /** The sender has consumed so many bytes: as many more may come. */
  | { kind: 'credit'; stream: number; bytes: number };

export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const payload = frame.kind === 'data' ? frame.bytes.length : frame.kind === 'credit' ? 4 : 0;
  const encoded = new Uint8Array(headerLength + payload);
  const view = new DataView(encoded.buffer);
  view.setUint8(0, (frameVersion << 4) | kinds.indexOf(frame.kind));
  view.setUint32(1, frame.stream);
  if (frame.kind === 'data') encoded.set(frame.bytes, headerLength);
  if (frame.kind === 'credit') view.setUint32(headerLength, frame.bytes);
  return encoded;
}

/** Null for what is not a frame. The bytes of a data frame are a view into `encoded`, not a copy. */
export function decodeFrame(encoded: Uint8Array): Frame | null {
  if (encoded.length < headerLength || encoded.length > headerLength + limits.frameLength) return null;
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const head = view.getUint8(0);
  if (head >> 4 !== frameVersion) return null;
  const stream = view.getUint32(1);
  switch (kinds[head & 15]) {
    case 'data':
      return { kind: 'data', stream, bytes: encoded.subarray(headerLength) };
    case 'end':
      return { kind: 'end', stream };
    case 'credit':
      return encoded.length === headerLength + 4 ? { kind: 'credit', stream, bytes: view.getUint32(headerLength) } : null;
    default:
      return null;
  }
}
