/** Log lines as gzip NDJSON, written and read a piece at a time: neither direction holds a whole log in memory. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { logLine, type LogLine } from '../../shared/protocol/logs.ts';
import { parseJson } from '../json.ts';

const compress = promisify(gzip);

/** Bytes that are compressed at a time, as a gzip member of their own: so the oldest can be dropped again, and little lies in memory. */
const memberLength = 256 * 1024;

export interface LineFile {
  push(line: LogLine): void;
  /** Compress what has come together; the reader of the log waits for it. */
  settle(): Promise<void> | void;
  end(): Promise<Uint8Array>;
}

/** Keeps the newest lines that fit into `cap` bytes of NDJSON. */
export function createLineFile(cap: number): LineFile {
  const members: { bytes: Buffer; size: number }[] = [];
  let size = 0;
  let open: string[] = [];
  let openSize = 0;

  const seal = async () => {
    const text = Buffer.from(open.join(''));
    [open, openSize] = [[], 0];
    members.push({ bytes: await compress(text), size: text.length });
    size += text.length;
    while (size > cap && members.length > 1) size -= members.shift()?.size ?? size;
  };
  return {
    push(line) {
      const text = `${JSON.stringify(line)}\n`;
      open.push(text);
      openSize += text.length;
    },
    settle: () => (openSize >= memberLength ? seal() : undefined),
    async end() {
      await seal();
      return Buffer.concat(members.map((member) => member.bytes));
    },
  };
}

export interface LineReader {
  signal?: AbortSignal;
  onLine: (line: LogLine) => void;
  /** After each handful of lines. Reading goes on when its promise has resolved, if it gives one. */
  onBatch?: () => Promise<void> | void;
}

/** @throws the file's or the decompressor's error */
export async function readLines(path: string, { signal, onLine, onBatch }: LineReader): Promise<void> {
  // An error of any part is thrown by the loop.
  const text = pipeline(createReadStream(path, { signal }), createGunzip(), () => undefined).setEncoding('utf8');
  let rest = '';
  for await (const chunk of text) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const parsed = logLine.safeParse(parseJson(line));
      if (parsed.success) onLine(parsed.data);
    }
    await onBatch?.();
  }
}
