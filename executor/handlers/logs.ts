/** The stream of an app's log: NDJSON under the reader's credit. */
import type { LineSink } from '../logs/follow-container.ts';
import { LineQueue } from '../logs/line-queue.ts';
import type { ExecutorStream, StreamHandler } from '../streams/stream.ts';
import type { HandlerContext } from './context.ts';

export function streamLogs({ host }: Pick<HandlerContext, 'host'>): StreamHandler<'logs'> {
  return async ({ app, filter, tail }, stream) => {
    const sink = createSink(stream);
    const enough = new AbortController();
    stream.onInputEnd(() => enough.abort());
    const hasEnded = () => filter.deployment !== null && host.journal.get(filter.deployment)?.outcome != null;
    await host.logs.follow({ app, filter, tail, sink, signal: stream.signal, enough: enough.signal, hasEnded });
    await sink.drained();
    return {};
  };
}

/** Many lines leave in one frame when they come fast, and one at once when it comes alone. */
function createSink(stream: ExecutorStream): LineSink {
  const queue = new LineQueue();
  let pumping: Promise<void> | null = null;

  const send = () => {
    while (stream.room() > 0) {
      const bytes = queue.take();
      if (bytes === null) return;
      stream.write(bytes);
    }
  };
  const pump = async () => {
    while (!queue.isEmpty && !stream.signal.aborted) {
      await stream.whenRoom();
      send();
    }
    pumping = null;
  };
  const flush = () => {
    if (pumping !== null) return;
    send();
    if (!queue.isEmpty) pumping = pump();
  };
  return {
    push: (line) => queue.push(line),
    pushGap: (lines) => queue.pushGap(lines),
    flush,
    async drained() {
      flush();
      await pumping;
    },
  };
}
