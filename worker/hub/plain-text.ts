/** Output for clients that take it as it is, as text: log lines as Docker writes them, and the characters of a terminal. */
import { AppError } from '../../shared/errors.ts';
import type { LogEntry } from '../../shared/protocol/logs.ts';
import { toPlainLine } from '../services/plain-log.ts';
import { concat } from './lines.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** @param lines whole ones, each a `logEntry` or a `logGap`. @throws AppError executor_lost where one is neither */
export function toPlainLines(lines: Uint8Array): Uint8Array {
  const entries = decoder.decode(lines).split('\n').filter((line) => line !== '').map(readEntry);
  return encoder.encode(entries.map((entry) => ('dropped' in entry ? `[${entry.dropped} lines left out]\n` : toPlainLine(entry))).join(''));
}

function readEntry(line: string): Pick<LogEntry, 'time' | 'text'> | { dropped: number } {
  try {
    // A schema would cost ten times what all the rest does.
    const entry = Object(JSON.parse(line)) as LogEntry & { dropped: number };
    if (typeof entry.text === 'string' || typeof entry.dropped === 'number') return entry;
  } catch {
    // Told below.
  }
  throw new AppError('executor_lost', { detail: 'The executor sent what is no line of a log.' });
}

/**
 * A frame ends anywhere, a text message holds whole characters: bytes of one that is not there to its end are the `rest`, three at most. Those of none are shown as U+FFFD, because a
 * client ends the connection over a text message that is no UTF-8.
 */
export function cutCharacters(before: readonly number[], bytes: Uint8Array): { whole: Uint8Array; rest: number[] } {
  const all = concat(Uint8Array.from(before), bytes);
  const end = all.length - lengthOfRest(all);
  return { whole: encoder.encode(decoder.decode(all.subarray(0, end))), rest: [...all.subarray(end)] };
}

/** Bytes at the end that begin a character and do not end it. */
function lengthOfRest(bytes: Uint8Array): number {
  for (let length = 1; length <= 3; length++) {
    const byte = bytes.at(-length) ?? 0;
    const isContinuation = byte >= 0x80 && byte < 0xc0;
    if (!isContinuation) return length < lengthOfCharacter(byte) ? length : 0;
  }
  return 0;
}

/** By its first byte. */
function lengthOfCharacter(first: number): number {
  if (first >= 0xf8) return 1;
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
