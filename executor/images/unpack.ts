/** The bytes of an archive as a plain tar, whatever it is packed with, and never more of them than allowed. */
import { once } from 'node:events';
import { Transform, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { AppError } from '../../shared/errors.ts';
import { anySignal } from '../any-signal.ts';
import { interrupted } from '../transfers.ts';

interface Caps {
  /** Bytes of the tar. */
  maxBytes: number;
  /** Told now and then, with the bytes so far; may throw to end it. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
}

/** More than any image packs to; a bomb reaches a thousand. */
const maxRatio = 200;
/** Below this a ratio says nothing: an empty file system packs well. */
const ratioFrom = 256 * 1024 * 1024;
const progressEvery = 64 * 1024 * 1024;

/** The stages behind `source`, to be piped in this order. @throws AppError archive_invalid for what is nothing at all, upload_interrupted; the error of `source` as it is */
export async function unpackingStages(source: Readable, caps: Caps): Promise<Transform[]> {
  const head = await readHead(source, 4, caps.signal);
  if (head.length === 0) throw new AppError('archive_invalid', { detail: 'The archive is empty: its sender sent no bytes.' });
  const unpack = unpackerOf(head);
  let packed = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      packed += chunk.length;
      done(null, chunk);
    },
  });
  const gauge = createGauge(caps, () => packed);
  return unpack === null ? [gauge] : [count, unpack, gauge];
}

function createGauge({ maxBytes, onProgress }: Caps, packed: () => number): Transform {
  let bytes = 0;
  let next = progressEvery;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) return done(new AppError('archive_too_large', { detail: `Unpacked it has more than ${maxBytes} bytes, which this server takes (DOCKUP_MAX_UPLOAD).` }));
      if (bytes > ratioFrom && packed() > 0 && bytes > packed() * maxRatio) return done(new AppError('archive_too_large', { detail: `It unpacks to more than ${maxRatio} times its size.` }));
      if (bytes >= next) {
        next += progressEvery;
        try {
          onProgress?.(bytes);
        } catch (error) {
          return done(error instanceof Error ? error : new Error(String(error)));
        }
      }
      done(null, chunk);
    },
  });
}

/** Magic numbers: gzip 1f 8b, zstd 28 b5 2f fd. */
function unpackerOf(head: Buffer): Transform | null {
  if (head.readUInt16BE() === 0x1f8b) return createGunzip();
  if (head.length >= 4 && head.readUInt32BE() === 0x28b52ffd) return createZstdDecompress();
  return null;
}

/** The first bytes, which stay in the stream; fewer when there are no more. */
async function readHead(source: Readable, length: number, signal?: AbortSignal): Promise<Buffer> {
  while (!source.readableEnded) {
    // It may have broken long before anybody looked: no event tells of that any more.
    if (source.destroyed) throw source.errored ?? interrupted(new Error('closed before its first bytes'));
    // Without an encoding a stream of bytes reads buffers.
    const head = source.read(length) as Buffer | null;
    if (head !== null) {
      source.unshift(head);
      return head.length >= 2 ? head : Buffer.concat([head, Buffer.alloc(2)]);
    }
    await nextChange(source, signal);
  }
  return Buffer.alloc(0);
}

async function nextChange(source: Readable, signal?: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const stop = signal === undefined ? settled.signal : anySignal(signal, settled.signal);
  try {
    await Promise.race(['readable', 'end', 'close'].map((event) => once(source, event, { signal: stop })));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    settled.abort();
  }
}
