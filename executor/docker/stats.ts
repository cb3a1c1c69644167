/** Asks the engine what a container uses: once, or again and again. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { parseJson } from '../json.ts';
import { asked, toAppError, type Engine } from './engine.ts';
import { toReading, type Reading } from './reading.ts';

/**
 * Null when the container does not run, or the engine does not answer. With `isComparable`, when the caller has an earlier look, the
 * engine need not look twice, a second apart (Docker 20.10 waits for its next look even then, newer ones answer at once).
 */
export async function readStats({ quick }: Engine, container: string, { isComparable }: { isComparable: boolean }): Promise<Reading | null> {
  try {
    return toReading(await quick.getContainer(container).stats({ stream: false, 'one-shot': isComparable }));
  } catch {
    // Gone in between, or an engine that is silent: nothing is known.
    return null;
  }
}

/** Once a second, until the container ends or the signal aborts. @throws AppError engine_unreachable, engine_error */
export async function followStats({ docker }: Engine, container: string, signal: AbortSignal, onReading: (reading: Reading) => void): Promise<void> {
  const source = await asked('read stats', docker.getContainer(container).stats({ stream: true }));
  const lines = createInterface({ input: source });
  const leave = () => lines.close();
  signal.addEventListener('abort', leave);
  if (signal.aborted) leave();
  try {
    for await (const line of lines) {
      const reading = toReading(parseJson(line));
      // What the engine goes on telling of a container that has ended.
      if (reading === null) return;
      onReading(reading);
    }
  } catch (error) {
    if (!signal.aborted) throw toAppError('read stats', error);
  } finally {
    signal.removeEventListener('abort', leave);
    lines.close();
    if (source instanceof Readable) source.destroy();
  }
}
