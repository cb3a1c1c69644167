/**
 * Stream frames: the binary messages of the link. A header, then the payload; no base64, no JSON, so a frame is passed on
 * without being looked into.
 *
 *     byte 0      high half: version of the frame format (1, 2), low half: kind
 *     bytes 1-4   stream id, unsigned, big-endian
 *     byte 5      version 2 only: number of the frame
 *     bytes 6-8   data of version 2 only: how many bytes follow, unsigned, big-endian
 *     then        data: the bytes. credit: how many more bytes the other end may send, unsigned, big-endian. end, mark: nothing
 *
 * `data` and `end` are numbered where both ends speak version 3 of the protocol: from 0 on, per stream and direction, 255 is followed by 0. What is typed twice, in part, or not at
 * all, because something between the ends handles messages badly is worse than a stream that ends: a frame that is shorter than it says is none. A `mark` follows when a stream has been quiet for `limits.markDelay`: it has
 * the number of the frame that is due next, so that the last one before the silence is missed too.
 */
import { limits } from './limits.ts';

const headerLength = 5;
/** Of data: the header, the number, the length. */
const numberedHeaderLength = 9;

/** The version of the protocol from which on frames are numbered. */
export const numberedSince = 3;
const numbers = 256;

const kinds = ['data', 'end', 'credit', 'mark'] as const;

export type Frame =
  /** `number` is left out towards, and by, an end of an earlier version. */
  | { kind: 'data'; stream: number; bytes: Uint8Array; number?: number | undefined }
  /** The sender has nothing more to say in this direction; the other one stays open. */
  | { kind: 'end'; stream: number; number?: number | undefined }
  /** The sender has consumed so many bytes: as many more may come. */
  | { kind: 'credit'; stream: number; bytes: number }
  /** Every frame before this number has been sent. Not counted itself, and not sent to an end of an earlier version. */
  | { kind: 'mark'; stream: number; number: number };

export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const payload = frame.kind === 'data' ? frame.bytes.length : frame.kind === 'credit' ? 4 : 0;
  const number = frame.kind === 'credit' ? undefined : frame.number;
  const start = number === undefined ? headerLength : frame.kind === 'data' ? numberedHeaderLength : headerLength + 1;
  const encoded = new Uint8Array(start + payload);
  const view = new DataView(encoded.buffer);
  view.setUint8(0, ((number === undefined ? 1 : 2) << 4) | kinds.indexOf(frame.kind));
  view.setUint32(1, frame.stream);
  // The length first: its highest byte, always 0, gives way to the number.
  if (start === numberedHeaderLength) view.setUint32(headerLength, payload);
  if (number !== undefined) view.setUint8(headerLength, number % numbers);
  if (frame.kind === 'data') encoded.set(frame.bytes, start);
  if (frame.kind === 'credit') view.setUint32(start, frame.bytes);
  return encoded;
}

/** Null for what is not a frame. The bytes of a data frame are a view into `encoded`, not a copy. */
export function decodeFrame(encoded: Uint8Array): Frame | null {
  if (encoded.length < headerLength || encoded.length > numberedHeaderLength + limits.frameLength) return null;
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const head = view.getUint8(0);
  const version = head >> 4;
  const start = headerLength + version - 1;
  if ((version !== 1 && version !== 2) || encoded.length < start) return null;
  const stream = view.getUint32(1);
  const numbered = version === 2 ? { number: view.getUint8(headerLength) } : {};
  switch (kinds[head & 15]) {
    case 'data':
      if (version === 1) return { kind: 'data', stream, bytes: encoded.subarray(start) };
      if (encoded.length < numberedHeaderLength || (view.getUint32(headerLength) & 0xff_ffff) !== encoded.length - numberedHeaderLength) return null;
      return { kind: 'data', stream, bytes: encoded.subarray(numberedHeaderLength), ...numbered };
    case 'end':
      return { kind: 'end', stream, ...numbered };
    case 'credit':
      return version === 1 && encoded.length === start + 4 ? { kind: 'credit', stream, bytes: view.getUint32(start) } : null;
    case 'mark':
      return version === 2 && encoded.length === start ? { kind: 'mark', stream, number: view.getUint8(headerLength) } : null;
    default:
      return null;
  }
}

/** Whether a frame is the one that is due after `before` others of its stream. One without a number is taken at its word. */
export function isNext({ number }: { number?: number | undefined }, before: number): boolean {
  return number === undefined || number === before % numbers;
}
