/** What a command without a terminal prints: taken apart, and the end of each part kept. */
import { limits } from '../../shared/protocol/limits.ts';

export interface Output {
  write(chunk: Buffer): void;
  /** Bytes that are not UTF-8 become U+FFFD. */
  result(): { stdout: string; stderr: string; truncated: boolean };
}

/** Characters of JSON that one of the two may take: together they must fit into an answer, and a NUL takes six. */
const jsonLength = limits.messageLength * 0.45;

export function createOutput(limit: number = limits.execOutput): Output {
  const parts = { stdout: createTail(limit), stderr: createTail(limit) };
  const split = createSplitter((stream, bytes) => parts[stream].push(bytes));
  return {
    write: split,
    result() {
      const [stdout, stderr] = [fit(parts.stdout.text()), fit(parts.stderr.text())];
      return { stdout: stdout.text, stderr: stderr.text, truncated: stdout.isCut || stderr.isCut };
    },
  };
}

/** The engine's frames: a header of 8 bytes (stream, 0, 0, 0, length as 32 bits), then the payload, which is handed on as it comes. */
function createSplitter(onBytes: (stream: 'stdout' | 'stderr', bytes: Buffer) => void): (chunk: Buffer) => void {
  const header = Buffer.alloc(8);
  let filled = 0;
  let left = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (left === 0) {
        const taken = chunk.copy(header, filled, at, at + header.length - filled);
        at += taken;
        filled += taken;
        if (filled < header.length) return;
        filled = 0;
        left = header.readUInt32BE(4);
        continue;
      }
      const payload = chunk.subarray(at, at + left);
      at += payload.length;
      left -= payload.length;
      onBytes(header[0] === 2 ? 'stderr' : 'stdout', payload);
    }
  };
}

interface Tail {
  push(bytes: Buffer): void;
  text(): { text: string; isCut: boolean };
}

const blockLength = 64 * 1024;

/** Keeps the last `limit` bytes, in blocks: a million writes of one byte must not become a million buffers. */
function createTail(limit: number): Tail {
  const blocks: Buffer[] = [];
  let used = blockLength;
  let total = 0;
  return {
    push(bytes) {
      total += bytes.length;
      for (let at = 0; at < bytes.length; ) {
        if (used === blockLength) {
          blocks.push(Buffer.allocUnsafe(blockLength));
          used = 0;
          // What the blocks behind the first hold is enough by itself.
          if ((blocks.length - 2) * blockLength >= limit) blocks.shift();
        }
        const taken = bytes.copy(blocks.at(-1) ?? bytes, used, at);
        at += taken;
        used += taken;
      }
    },
    text() {
      const kept = Buffer.concat(blocks, Math.max(0, (blocks.length - 1) * blockLength + used));
      if (total <= limit) return { text: kept.toString('utf8'), isCut: false };
      const end = kept.subarray(kept.length - limit);
      // A character that was cut through is left out whole.
      const start = end.findIndex((byte) => (byte & 0xc0) !== 0x80);
      return { text: end.toString('utf8', start > 0 && start < 4 ? start : 0), isCut: true };
    },
  };
}

function fit({ text, isCut }: { text: string; isCut: boolean }): { text: string; isCut: boolean } {
  let end = text;
  while (JSON.stringify(end).length > jsonLength) end = end.slice(end.length / 2);
  return { text: end, isCut: isCut || end.length < text.length };
}
