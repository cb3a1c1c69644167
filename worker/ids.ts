import { newId, type IdKind } from '../shared/names.ts';

/** Ids of one process (at the edge: of one request or object), each greater than the one before, also within a millisecond: lists are ordered by them. */
export function createIds(clock: () => number): (kind: IdKind) => string {
  let time = 0;
  let tail = new Uint8Array(13);
  return (kind) => {
    const now = clock();
    if (now > time) {
      time = now;
      tail = crypto.getRandomValues(new Uint8Array(13)).map((byte) => byte % 32);
    } else {
      increment(tail);
    }
    return newId(kind, time, tail);
  };
}

/** Base 32, most significant digit first. */
function increment(digits: Uint8Array): void {
  for (let i = digits.length - 1; i >= 0; i--) {
    const next = ((digits[i] ?? 0) + 1) % 32;
    digits[i] = next;
    if (next !== 0) return;
  }
}
