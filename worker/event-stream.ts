/** Server-sent events: what a generator yields, as a reply that is written as fast as it is read. */
import { AppError } from '../shared/errors.ts';

export interface ServerSentEvent {
  /** One line of text; JSON as a rule. */
  data: string;
  /** Where a client that comes back goes on: it sends it as `Last-Event-ID`. */
  id?: string;
  /** `message` where nothing is said. */
  event?: string;
}

/** ms between two comments on a quiet stream, so that no proxy on the way takes it for dead. */
export const heartbeatInterval = 15_000;

/**
 * A failure after the first byte can no longer be a status: it is told as `event: failure` with `code` and `detail`, and the stream ends.
 * @param start what is told; `signal` aborts when the client is gone
 */
export function eventStream(start: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>): Response {
  const gone = new AbortController();
  const events = start(gone.signal)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let isFirst = true;
  /** Outlives a heartbeat: asking again would skip an event. */
  let next: Promise<IteratorResult<ServerSentEvent>> | undefined;

  const read = async (): Promise<string | null> => {
    // Something at once, so that the client has its status before the first event.
    if (isFirst) {
      isFirst = false;
      return 'retry: 3000\n\n';
    }
    next ??= events.next();
    const result = await orHeartbeat(next);
    if (result === undefined) return ':\n\n';
    next = undefined;
    return result.done ? null : write(result.value);
  };

  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        let hasFailed = false;
        const text = await read().catch((error: unknown) => {
          hasFailed = true;
          return toFailure(error);
        });
        if (gone.signal.aborted) return;
        if (text !== null) controller.enqueue(encoder.encode(text));
        if (text === null || hasFailed) controller.close();
      },
      cancel: () => gone.abort(),
    },
    // Nothing is fetched before it is read.
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' } });
}

function write({ data, id, event }: ServerSentEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`;
}

function toFailure(error: unknown): string {
  const { code, message } = error instanceof AppError ? error : new AppError('internal_error');
  return write({ event: 'failure', data: JSON.stringify({ code, detail: message }) });
}

/** Undefined when it is time for a sign of life first. */
async function orHeartbeat<T>(next: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const beat = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, heartbeatInterval, undefined)));
  return Promise.race([next, beat]).finally(() => clearTimeout(timer));
}
