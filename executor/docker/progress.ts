/** What the engine tells while it pulls or loads: it answers 200 at once, and failures are lines of the stream. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { parseJson } from '../json.ts';

/** In the stream; and as the body of a refusal. */
const failure = z.union([
  z.object({ errorDetail: z.object({ message: z.string() }) }).transform(({ errorDetail }) => errorDetail.message),
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ message: z.string() }).transform(({ message }) => message),
]);

/** Reads it to its end. Answers why it failed, or null. What `onLine` throws ends the reading. */
export async function readFailure(stream: Readable, onLine: (said: unknown) => void = () => undefined): Promise<string | null> {
  // It breaks when the request is given up, which is when nobody reads any more.
  const lines = createInterface({ input: stream });
  for (const source of [stream, lines]) source.on('error', () => undefined);
  let told: string | null = null;
  for await (const line of lines) {
    const said = parseJson(line);
    const found = failure.safeParse(said);
    if (found.success) told = found.data;
    else onLine(said);
  }
  if (stream.errored !== null) throw stream.errored;
  return told;
}
