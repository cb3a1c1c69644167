/** The lines of a stream of bytes that hold anything, as many at a time as came together. Leaving the loop, or an abort of `signal`, cancels the stream. */
export function readLines(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string[]> {
  const reader = body.getReader();
  // A stream that has failed has told its reader.
  const cancel = () => void reader.cancel().catch(() => undefined);
  // Not in the generator, of which nothing runs before the first line is asked for: an abort before that would be lost.
  signal.addEventListener('abort', cancel, { once: true });
  return read(reader, () => signal.removeEventListener('abort', cancel));
}

async function* read(reader: ReadableStreamDefaultReader<Uint8Array>, release: () => void): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const lines = (rest + decoder.decode(next.value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      const some = lines.filter((line) => line !== '');
      if (some.length > 0) yield some;
    }
    if (rest !== '') yield [rest];
  } finally {
    release();
    await reader.cancel();
  }
}
