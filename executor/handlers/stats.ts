/** What an app uses: now, and second by second. */
import { AppError } from '../../shared/errors.ts';
import type { Params, Result } from '../../shared/protocol/calls.ts';
import type { StatsSample } from '../../shared/protocol/usage.ts';
import { anySignal } from '../any-signal.ts';
import { nextExit } from '../docker/containers.ts';
import { requireReachable } from '../docker/engine.ts';
import type { ExecutorStream, StreamHandler } from '../streams/stream.ts';
import type { HandlerContext } from './context.ts';

export async function readStats(context: HandlerContext, { app }: Params<'stats'>): Promise<Result<'stats'>> {
  const sample = await context.observer.usage.sample(await requireRunning(context, app));
  if (sample === null) throw notRunning();
  return sample;
}

/** A reader that is slower than a second skips samples: what waits is always the newest. */
export function streamStats(context: HandlerContext): StreamHandler<'stats'> {
  const { host, observer } = context;
  return async ({ app }, stream) => {
    const container = await requireRunning(context, app);
    const over = new AbortController();
    const signal = anySignal(stream.signal, over.signal);
    // The engine keeps the stream of a container that has ended open, and says nothing more on it.
    nextExit(host.engine, container, signal).catch(() => undefined).finally(() => over.abort());
    try {
      await observer.usage.follow(container, keepNewest(stream), signal);
    } finally {
      over.abort();
    }
    if (!stream.signal.aborted) await requireReachable(host.engine);
    throw notRunning();
  };
}

/** @returns what takes a sample and sends it as soon as there is room, unless a newer one has come by then */
function keepNewest(stream: ExecutorStream): (sample: StatsSample) => void {
  let newest: StatsSample | null = null;
  const send = async () => {
    if (stream.room() === 0) await stream.whenRoom();
    if (newest !== null && !stream.signal.aborted) stream.write(Buffer.from(`${JSON.stringify(newest)}\n`));
    newest = null;
  };
  return (sample) => {
    const isWaiting = newest !== null;
    newest = sample;
    // `whenRoom` only ever resolves.
    if (!isWaiting) void send();
  };
}

/** A frozen app runs as far as the engine is concerned: it still holds its memory. */
async function requireRunning({ observer }: HandlerContext, app: string): Promise<string> {
  const container = await observer.current(app);
  if (container === null) throw new AppError('app_not_deployed');
  if (container.state !== 'running' && container.state !== 'paused') throw notRunning();
  return container.id;
}

function notRunning(): AppError {
  return new AppError('app_not_running', { detail: 'The app has no running container: it uses nothing.' });
}
